import { Command, InvalidArgumentError, Option } from 'commander';
import { systemClock, systemRandom } from '../clock.ts';
import { cacheDirectory } from '../config/cache-folder.ts';
import { thisMachine } from '../config/data-folder.ts';
import type { Config, LogFormat, LogLevel } from '../config/types.ts';
import { minerThreadsMax } from '../devnet/miner.ts';
import { measureKawpow } from '../measure/kawpow.ts';
import { MINERS_TOLD_MAX } from '../stratum/miner-report.ts';
import { programVersion } from '../version.ts';
import { type BansIo, runBans, runLift } from './bans.ts';
import { runBench } from './bench.ts';
import { runDev } from './dev.ts';
import { runDoctor } from './doctor.ts';
import { doctorIo } from './doctor-io.ts';
import { processHashIo, runHash } from './hash.ts';
import { runImport } from './import.ts';
import { runInit } from './init.ts';
import { initIo } from './init-io.ts';
import { createLog, LOG_FORMATS, LOG_LEVELS, type ProgramLog } from './log.ts';
import { runMine } from './mine.ts';
import { canStand } from './output.ts';
import type { Progress } from './progress.ts';
import { runStart } from './start.ts';
import { runStatus } from './status.ts';
import { onReloadSignal, stopSignal } from './stop-signal.ts';
import { canColour, hasUnicode, logProgress, processStreams, toolProgress } from './terminal.ts';

interface LogFlags {
  readonly logLevel?: LogLevel;
  readonly logFormat?: LogFormat;
}

/** The command line: every command with its flags. Each action's exit code becomes the process's. */
export function createProgram(exit: (code: number) => void): Command {
  const program = new Command('kpss');
  program
    .description('Solo-mining stratum server for KawPoW coins, Ravencoin first')
    .version(programVersion());
  // Errors of usage end with 2, as other tools' do; 1 is for work that failed.
  program.exitOverride((error) => {
    exit(error.exitCode === 0 ? 0 : 2);
    throw error;
  });
  addServers(program, exit);
  addCare(program, exit);
  addTools(program, exit);
  return program;
}

function addServers(program: Command, exit: (code: number) => void): void {
  const command = (name: string, description: string) => program.command(name).description(description);

  withLogFlags(command('start', 'serve miners from your node; without any configuration, run the devnet'))
    .option('-c, --config <file>', 'configuration file (default: kpss.yaml in this folder, if there is one)')
    .option(
      '--node <url>',
      'the node’s RPC, with user and password before the host where it needs them (default: http://127.0.0.1:8766)',
    )
    .option('--address <address>', 'where blocks are paid; without it, each miner’s login address')
    .option('--host <address>', 'address for miners; 0.0.0.0 opens it to the network (default: 127.0.0.1)')
    .option('--port <port>', 'port for miners, 0 for any (default: 3333)')
    .option('--network <network>', 'main, test or regtest (default: main)')
    .option('--coin <coin>', 'ravencoin, neurai, satoxcoin, aipg or evrmore (default: ravencoin)')
    .action(async (flags) => {
      const createLogOf = ({ level, format }: Config['log']) => {
        const log = createLog(level, format);
        return { log, progress: logProgress(log), setLevel: (wanted: LogLevel) => log.setLevel(wanted) };
      };
      const ports = { ...processPorts(), onReload: onReloadSignal };
      exit(await runStart(flags, { ...ports, env: process.env, createLog: createLogOf, complain }));
    });

  withLogFlags(command('dev', 'run the devnet: a chain of its own, KPSS on top, and a CPU miner'))
    .option('--blocks <count>', 'end after so many accepted blocks', wholeNumber(1, 1_000_000))
    .option('--host <address>', 'address for miners', '127.0.0.1')
    .option(
      '--port <port>',
      'port for miners, 0 for any (3333, or any if that is taken)',
      wholeNumber(0, 65_535),
    )
    .option('--rpc-port <port>', 'port of the devnet’s node, 0 for any', wholeNumber(0, 65_535), 0)
    .option('--address <address>', 'where blocks are paid')
    .option(
      '--threads <count>',
      'threads of the CPU miner, 0 for none',
      wholeNumber(0, minerThreadsMax(false)),
      1,
    )
    .option('--block-time <seconds>', 'what the devnet’s difficulty aims at', wholeNumber(1, 3600), 10)
    .option('--epoch-length <blocks>', 'blocks of an epoch (default: 7500)', wholeNumber(4, 7500))
    .action(async ({ blockTime, ...flags }) =>
      exit(await runDev({ ...flags, blockTimeS: blockTime }, processIo(flags, logProgress))),
    );
}

/** What is done before and beside mining. */
function addCare(program: Command, exit: (code: number) => void): void {
  program
    .command('init')
    .description('ask what is needed, write kpss.yaml, and look at it with kpss doctor')
    .option('-y, --yes', 'ask nothing: take the flags, what is found on this machine, and the defaults')
    .option('--force', 'write over a file that is there')
    .option('--file <file>', 'what to write (default: kpss.yaml in this folder)')
    .option('--node <url>', 'the node’s RPC, with user and password before the host where it needs them')
    .option('--address <address>', 'where blocks are paid; without it, each miner’s login address')
    .option('--host <address>', 'address for miners; 0.0.0.0 opens it to the network (default: 127.0.0.1)')
    .option('--port <port>', 'port for miners (default: 3333)')
    .option('--network <network>', 'main, test or regtest')
    .option('--coin <coin>', 'ravencoin, neurai, satoxcoin, aipg or evrmore')
    .action(async (flags) => exit(await runInit(flags, initIo())));

  program
    .command('import')
    .description(
      'make kpss.yaml of the old stratum server’s server.js (which is not run), and say what each option became',
    )
    .argument('<file>', 'server.js, or its configuration in JSON')
    .option('-o, --output <file>', 'what to write, as kpss.yaml (default: standard output)')
    .action((file, flags) => {
      const print = (text: string) => process.stdout.write(text);
      exit(runImport({ file, ...flags }, { env: process.env, print, complain }));
    });

  program
    .command('doctor')
    .description('look at everything between here and a found block; changes nothing')
    .option('-c, --config <file>', 'configuration file (default: kpss.yaml in this folder, if there is one)')
    .option('--node <url>', 'the node’s RPC, as for kpss start')
    .option('--address <address>', 'where blocks are paid')
    .option('--host <address>', 'address for miners')
    .option('--port <port>', 'port for miners')
    .option('--network <network>', 'main, test or regtest (default: main)')
    .option('--coin <coin>', 'ravencoin, neurai, satoxcoin, aipg or evrmore (default: ravencoin)')
    .option('--json', 'for programs: {"ok": …, "checks": […]}')
    .action(async (flags) => exit(await runDoctor(flags, doctorIo())));
}

function addTools(program: Command, exit: (code: number) => void): void {
  const command = (name: string, description: string) => program.command(name).description(description);

  withLogFlags(command('mine', 'mine with the CPU on any KawPoW stratum server'))
    .requiredOption('--url <url>', 'stratum+tcp://host:port or stratum+ssl://host:port')
    .requiredOption('--user <name>', 'ADDRESS.worker')
    .option('--password <password>', 'what the server wants, if anything')
    .option('--threads <count>', 'threads, each keeps one core busy', '1')
    .option(
      '--dag',
      'generate the whole DAG in memory, 5.7 GiB in 2026: takes minutes, then hashes 40 times as fast',
    )
    .option('--insecure', 'take any TLS certificate')
    .action(async (flags) => {
      exit(await runMine(flags, { ...processIo(flags, toolProgress), complain }));
    });

  command('status', 'what a running KPSS does: nodes, miners, blocks')
    .option(
      '--url <url>',
      'where it serves its status (default: web: of kpss.yaml, or http://127.0.0.1:3380)',
    )
    .option('--json', 'the answer as it came, see docs/api.md')
    .option('--watch', 'show it every two seconds')
    .option(
      '--miners <count>',
      'how many miners, the fastest first (default: 10)',
      wholeNumber(0, MINERS_TOLD_MAX),
    )
    .action(async ({ miners, ...flags }) => {
      const { stdout, env } = process;
      const style = { colours: canColour(stdout, env), unicode: hasUnicode(env), miners };
      const io = { env, style, clears: canStand(stdout), ...processStreams() };
      exit(await runStatus(flags, { ...processPorts(), ...io }));
    });

  addBans(program, exit);

  command('hash', 'compute the KawPoW hash of a header')
    .argument('[source]', '- reads lines like {"height":1,"headerHash":"…","nonce":"…"} from standard input')
    .option('--height <height>', 'block height')
    .option('--header <hex>', 'header hash, 64 hex digits')
    .option('--nonce <hex>', 'nonce, 16 hex digits')
    .option('--block-header <hex>', 'a serialised header, 240 hex digits')
    .option('--pow <name>', 'kawpow, evrprogpow (experimental) or meowpow (experimental)', 'kawpow')
    .action(async (source, flags) => exit(await runHash({ source, ...flags }, processHashIo(userCaches()))));

  command('bench', 'measure how fast this machine verifies shares')
    .argument('<subject>', 'kawpow')
    .option('--epoch <epoch>', 'whose light cache is used (default: 560)')
    .option('--dag', 'with the whole DAG in memory, too: about 6 GiB')
    .option('--pow <name>', 'kawpow, evrprogpow (experimental) or meowpow (experimental)', 'kawpow')
    .option('--json', 'figures for programs')
    .action(async (subject, flags) => {
      const print = (text: string) => process.stdout.write(`${text}\n`);
      exit(await runBench({ subject, ...flags }, { print, complain, measure: measureKawpow }));
    });
}

function addBans(program: Command, exit: (code: number) => void): void {
  const bans = program
    .command('bans')
    .description('who is shut out of a KPSS, running or not')
    .option(
      '--url <url>',
      'where it serves its status (default: web: of kpss.yaml, or http://127.0.0.1:3380)',
    )
    .option('-c, --config <file>', 'configuration file (default: kpss.yaml in this folder, if there is one)')
    .option('--json', 'for programs, see docs/api.md')
    // Those of `bans` count for `lift`, too.
    .configureHelp({ showGlobalOptions: true })
    .action(async (flags) => exit(await runBans(flags, bansIo())));
  bans
    .command('lift')
    .description('let an address in again')
    .argument('[address]', 'as kpss bans lists it, or one of a banned IPv6 network')
    .option('--all', 'all addresses')
    .option('--instance <name>', 'at this instance only')
    .action(async (address, _flags, command: Command) =>
      exit(await runLift({ address, ...command.optsWithGlobals() }, bansIo())),
    );
}

function bansIo(): BansIo {
  const { clock, signal } = processPorts();
  return { clock, signal, env: process.env, ...processStreams() };
}

function withLogFlags(command: Command): Command {
  return command
    .addOption(new Option('--log-level <level>', 'least level that is logged').choices([...LOG_LEVELS]))
    .addOption(new Option('--log-format <format>', 'lines for people or JSON').choices([...LOG_FORMATS]));
}

function processPorts() {
  return { clock: systemClock, random: systemRandom, signal: stopSignal() };
}

function processIo(
  { logLevel = 'info', logFormat = 'auto' }: LogFlags,
  progressOf: (log: ProgramLog) => Progress,
) {
  const log = createLog(logLevel, logFormat);
  return { ...processPorts(), log, progress: progressOf(log), cacheDirectory: userCaches() };
}

/** For the commands that read no configuration file. */
function userCaches(): string | undefined {
  return cacheDirectory(process.env, thisMachine(process.env));
}

function complain(line: string): void {
  process.stderr.write(`${line}\n`);
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`expected a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}
