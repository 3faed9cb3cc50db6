import type { Network } from '../chain/coins.ts';
import type { InitLogin } from './find-nodes.ts';

/** What kpss.yaml is made of. */
export interface InitAnswers {
  readonly network: Network;
  /** Of the node's RPC, without user and password. */
  readonly url: string;
  readonly login: InitLogin;
  /** Undefined: each miner's login address is paid. */
  readonly address: string | undefined;
  /** Where miners connect. */
  readonly host: string;
  readonly port: number;
  /** Undefined: no throttle. */
  readonly blocksPerHour: number | undefined;
}

/** kpss.yaml, each line with what it is for. README.md has the settings that are left out. */
export function initFileText(answers: InitAnswers): string {
  const { network, address, host, port, blocksPerHour } = answers;
  const isOpen = host !== '127.0.0.1';
  const lines = [
    '# Written by kpss init. Every line may be changed; kpss doctor says whether all is well.',
    '# README.md lists all settings.',
    '',
    ...settings([
      [`coin: ${network.coin}`],
      [`network: ${network.name}`, 'main | test | regtest'],
      ['node:', 'where the work comes from, and found blocks go'],
      [`  url: ${quoted(answers.url)}`, 'the node’s RPC'],
      ...loginSettings(answers.login),
      ['payout:'],
      address === undefined
        ? ['  # address: YOUR_ADDRESS', 'without it, each miner’s login address is paid']
        : [`  address: ${quoted(address)}`, 'every block pays it'],
      ['stratum:', 'where miners connect'],
      [
        `  host: ${quoted(host)}`,
        isOpen
          ? 'whoever reaches it may mine; before the internet does: docs/limits.md'
          : '0.0.0.0 opens it to your network',
      ],
      [`  port: ${port}`],
      ...(blocksPerHour === undefined
        ? []
        : ([
            ['throttle:'],
            [`  blocksPerHour: ${blocksPerHour}`, 'at the most, so that the difficulty stays low'],
          ] as const)),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

/** A line of YAML, and what it is for. */
type Setting = readonly [setting: string, remark?: string];

function loginSettings(login: InitLogin): readonly Setting[] {
  if (login.kind === 'password') {
    return [
      [`  user: ${quoted(login.user)}`, 'rpcuser of raven.conf'],
      [`  password: ${quoted(login.password)}`, 'rpcpassword: keep this file to yourself'],
    ];
  }
  if (login.kind === 'environment')
    return [['  # user and password come from KPSS_RPC_USER and KPSS_RPC_PASSWORD']];
  if (login.path === undefined)
    return [['  # the login is read from the cookie file that ravend writes at its start']];
  return [[`  cookie: ${quoted(login.path)}`, 'ravend writes it at its start']];
}

/** JSON's texts are YAML's, with no sign that could mean something else. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

function settings(all: readonly Setting[]): string[] {
  // In one column.
  const width = Math.max(...all.map(([setting, remark]) => (remark === undefined ? 0 : setting.length)));
  return all.map(([setting, remark]) =>
    remark === undefined ? setting : `${setting.padEnd(width)}  # ${remark}`,
  );
}
