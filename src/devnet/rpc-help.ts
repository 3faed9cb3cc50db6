/**
 * Help texts: what ravend answers, as an error, to a call with too few or too many parameters. Those of getblockcount,
 * submitblock and getkawpowhash are held against recordings; the others follow the same form.
 */
interface HelpParts {
  readonly method: string;
  /** Follows the method's name in the first line. */
  readonly usage: string;
  readonly text: string;
  /** Parameters of the example call, as on a command line and as in JSON; none for a call without. */
  readonly example?: string;
}

/** The first line, the text, and an example for the command line and one for curl. */
export function helpText({ method, usage, text, example = '' }: HelpParts): string {
  const call = `{"jsonrpc": "1.0", "id":"curltest", "method": "${method}", "params": [${example}] }`;
  return [
    `${method}${usage}`,
    '',
    `${text}`,
    'Examples:',
    `> raven-cli ${method} ${example}`,
    `> curl --user myusername --data-binary '${call}' -H 'content-type: text/plain;' http://127.0.0.1:8766/`,
    '',
  ].join('\n');
}

export const GETBLOCKCOUNT_HELP = helpText({
  method: 'getblockcount',
  usage: '',
  text: `Returns the number of blocks in the longest blockchain.

Result:
n    (numeric) The current block count
`,
});

export const SUBMITBLOCK_HELP = helpText({
  method: 'submitblock',
  usage: ' "hexdata"  ( "dummy" )',
  text: `Attempts to submit new block to network.
See https://en.bitcoin.it/wiki/BIP_0022 for full specification.

Arguments
1. "hexdata"        (string, required) the hex-encoded block data to submit
2. "dummy"          (optional) dummy value, for compatibility with BIP22. This value is ignored.

Result:
`,
  example: '"mydata"',
});

export const GETKAWPOWHASH_HELP = helpText({
  method: 'getkawpowhash',
  usage: ' "header_hash" "mix_hash" nonce, height, "target"',
  text: `Get the kawpow hash for a block given its block data

Arguments
1. "header_hash"        (string, required) the prow_pow header hash that was given to the gpu miner from this rpc client
2. "mix_hash"           (string, required) the mix hash that was mined by the gpu miner via rpc
3. "nonce"              (string, required) the hex nonce of the block that hashed the valid block
4. "height"             (number, required) the height of the block data that is being hashed
5. "target"             (string, optional) the target of the block that is hash is trying to meet

Result:
`,
  example: '"header_hash" "mix_hash" "0x100000" 2456',
});
