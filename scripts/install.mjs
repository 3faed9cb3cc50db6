// Brings node_modules in step with package-lock.json before `npm start`, `npm test` and `npm run kpss`, so that a
// fresh clone needs one command. It is the only script that the system's Node runs (18 or later, so plain
// JavaScript and no dependencies); everything after it runs on the Node 24 that it installs. It writes to standard
// error only: standard output belongs to the command that follows.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const nodeMajorMin = 24;
const isWindows = process.platform === 'win32';
const localNode = join(root, 'node_modules', '.bin', isWindows ? 'node.cmd' : 'node');
const lockFile = join(root, '.installing');
// A second npm command waits this long for the first one's install; a slow line needs a minute or two.
const waitForOtherMsMax = 600_000;
const pollMs = 250;
// npm's reason stands in its first lines.
const outputLinesMax = 40;

let holdsLock = false;

const say = (text) => process.stderr.write(`kpss: ${text}\n`);

/** @returns why node_modules must be installed anew, or undefined when it is as package-lock.json wants it. */
function staleReason() {
  const installed = readLock(join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) {
    const begun = existsSync(join(root, 'node_modules'));
    return begun ? 'node_modules is incomplete' : 'node_modules is missing';
  }
  const wanted = readLock(join(root, 'package-lock.json'));
  if (wanted === undefined)
    throw new Error('package-lock.json is missing or damaged: get it back with git checkout');
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || entry.link) continue;
    const found = installed[path];
    if (found === undefined) {
      if (entry.optional && !isForThisMachine(entry)) continue;
      return `${path} is missing`;
    }
    if (found.version !== entry.version || found.integrity !== entry.integrity) {
      return `${path} is ${found.version}, package-lock.json wants ${entry.version}`;
    }
  }
  return nodeProblem();
}

/** @returns the `packages` of a lock file, or undefined when it is not there or cut short. */
function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** Whether npm would install this optional package here. Which libc runs is slow to find out, so such a package may
 * be missing without anything being installed anew. */
function isForThisMachine(entry) {
  return matches(entry.os, process.platform) && matches(entry.cpu, process.arch) && entry.libc === undefined;
}

function matches(list, value) {
  if (list === undefined) return true;
  if (list.some((item) => item === `!${value}`)) return false;
  return list.includes(value) || list.every((item) => item.startsWith('!'));
}

/** @returns what is wrong with the project's own Node, or undefined when it runs and is new enough. */
function nodeProblem() {
  const inside = process.execPath.startsWith(join(root, 'node_modules') + sep);
  const version = inside ? process.version : versionOfLocalNode();
  if (version === undefined) return 'its Node does not run';
  return Number.parseInt(version.slice(1), 10) >= nodeMajorMin ? undefined : `its Node is ${version}`;
}

function versionOfLocalNode() {
  const file = isWindows ? `"${localNode}"` : localNode;
  const result = spawnSync(file, ['--version'], { encoding: 'utf8', shell: isWindows });
  return result.status === 0 && /^v\d+\./.test(result.stdout) ? result.stdout.trim() : undefined;
}

/** The npm that runs us, by the Node that runs it: neither needs to be in the PATH. */
function npmCommand() {
  const script = process.env.npm_execpath;
  if (script !== undefined && basename(script) === 'npm-cli.js' && existsSync(script)) {
    const systemNode = process.env.npm_node_execpath;
    const node = systemNode !== undefined && existsSync(systemNode) ? systemNode : process.execPath;
    return { file: node, first: [script], shell: false };
  }
  return { file: isWindows ? 'npm.cmd' : 'npm', first: [], shell: isWindows };
}

/**
 * Runs a program to its end, silently.
 * @returns its exit code and all it printed
 */
function run(file, args, { shell }) {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(file, args, { cwd: root, shell, stdio: ['ignore', 'pipe', 'pipe'] });
    // Were this script killed, the next one must wait for the npm that lives on.
    if (child.pid !== undefined) writeFileSync(lockFile, String(child.pid));
    const collect = (chunk) => {
      output += chunk;
    };
    const stop = (signal) => {
      child.kill(signal);
      process.exit(1); // the lock stays: npm takes a moment to end, and a lock whose process is gone is free
    };
    const settle = (code, extra = '') => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      writeFileSync(lockFile, String(process.pid));
      resolve({ code, output: output + extra });
    };
    process.on('SIGINT', stop).on('SIGTERM', stop);
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => settle(1, `${file}: ${error.message}\n`));
    child.on('close', (code, signal) => settle(code ?? 1, signal === null ? '' : `stopped by ${signal}\n`));
  });
}

/** The user's own npm configuration may leave out what a checkout needs (omit=dev), or make npm refuse the old Node
 * that only starts it (engine-strict): the flags say what is meant. */
async function installPackages() {
  const npm = npmCommand();
  const flags = [
    '--include=dev',
    '--include=optional',
    '--engine-strict=false',
    '--no-audit',
    '--no-fund',
    '--loglevel=warn',
  ];
  const result = await run(npm.file, [...npm.first, 'ci', ...flags], { shell: npm.shell });
  if (result.code !== 0) fail('npm ci failed', result.output);
}

/** The package `node` fetches its binary in an install script, which npm leaves out where it is told ignore-scripts;
 * a rebuild runs that one script and links the binary. */
async function installNode() {
  const npm = npmCommand();
  const flags = [
    '--ignore-scripts=false',
    '--foreground-scripts',
    '--engine-strict=false',
    '--loglevel=warn',
  ];
  const result = await run(npm.file, [...npm.first, 'rebuild', 'node', ...flags], { shell: npm.shell });
  if (nodeProblem() !== undefined) fail(`could not install Node ${nodeMajorMin}`, result.output);
}

/** Another `npm start` or `npm test` may be installing: two installs in one folder would destroy each other's work. */
async function takeLock() {
  const startedMs = Date.now();
  for (let said = false; !writeLockIfFree(); said = true) {
    if (!isHeldByLivingProcess()) {
      rmSync(lockFile, { force: true });
      continue;
    }
    if (!said) say('another install is running here, waiting for it');
    if (Date.now() - startedMs > waitForOtherMsMax) {
      fail(`another install still runs; when that is not so, delete ${lockFile} and try again`);
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

function writeLockIfFree() {
  try {
    writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function isHeldByLivingProcess() {
  try {
    const pid = readFileSync(lockFile, 'utf8');
    process.kill(Number(pid), 0);
    return !isZombie(pid);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** In a container nobody may collect the dead, and the killed install would seem to live on. */
function isZombie(pid) {
  const statusFile = `/proc/${pid}/stat`;
  return existsSync(statusFile) && readFileSync(statusFile, 'utf8').includes(') Z ');
}

function fail(reason, output = '') {
  process.stderr.write(shortened(output));
  say(`${reason}. ${output === '' ? '' : adviceFor(output)}`.trimEnd());
  releaseLock();
  process.exit(1);
}

/** npm's errors without its warnings and without the page of usage that it adds. */
function shortened(output) {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('npm warn'));
  const usageAt = lines.indexOf('npm error Usage:');
  return lines
    .slice(0, usageAt === -1 ? outputLinesMax : usageAt)
    .map((line) => `${line}\n`)
    .join('');
}

function adviceFor(output) {
  if (/EAI_AGAIN|ENOTFOUND|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|network/i.test(output)) {
    return 'Is this machine online, and can it reach the npm registry (npm ping)? Nothing was started.';
  }
  if (/ENOSPC/.test(output)) return 'The disk is full. Nothing was started.';
  if (/EACCES|EPERM|EBUSY/.test(output)) {
    return 'Files in node_modules cannot be replaced: stop what uses them, check who owns them, and try again.';
  }
  return 'npm says why, above. Nothing was started.';
}

function releaseLock() {
  if (holdsLock) rmSync(lockFile, { force: true });
}

async function main() {
  if (!existsSync(lockFile) && staleReason() === undefined) return;
  await takeLock();
  holdsLock = true;
  const reason = staleReason();
  if (reason !== undefined) await install(reason);
  releaseLock();
}

async function install(reason) {
  const startedMs = Date.now();
  say(`${reason}: installing with npm ci (about 300 MB on disk, a minute or so)`);
  await installPackages();
  if (nodeProblem() !== undefined) await installNode();
  const left = staleReason();
  if (left !== undefined) fail(`npm ci went well, but ${left}`);
  say(`installed in ${((Date.now() - startedMs) / 1000).toFixed(0)} s`);
}

try {
  await main();
} catch (error) {
  fail(error.message);
}
