// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is for
const CONTROL_CODES = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** What a stranger named (a miner, a node) must not move the cursor of a terminal, begin a line, nor turn its direction. */
export function withoutControlCodes(text: string): string {
  return text.replaceAll(CONTROL_CODES, ' ');
}
