// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is for
const TOKENS = /\x1b\[[0-9;]*[A-Za-z]|./gsu;

/** What a terminal shows, as far as lines go: line feed, carriage return, erase to the end of the line, and wrapping. */
export class LineScreen {
  readonly lines: string[] = [''];
  readonly #columns: number;
  #column = 0;

  /** @param columns after which text goes on in the next line */
  constructor(columns = Number.POSITIVE_INFINITY) {
    this.#columns = columns;
  }

  /** @throws Error on a control code that our program does not use */
  write(text: string): void {
    for (const [token] of text.matchAll(TOKENS)) this.#take(token);
  }

  #take(token: string): void {
    const row = this.lines.length - 1;
    const line = this.lines[row] ?? '';
    if (token === '\n') {
      this.lines.push('');
      this.#column = 0;
    } else if (token === '\r') {
      this.#column = 0;
    } else if (token === '\x1b[K') {
      this.lines[row] = line.slice(0, this.#column);
    } else if (token.startsWith('\x1b[') && token.endsWith('m')) {
      // A colour takes no room.
    } else if (token < ' ') {
      throw new Error(`control code ${JSON.stringify(token)}`);
    } else if (this.#column >= this.#columns) {
      this.lines.push(token);
      this.#column = 1;
    } else {
      this.lines[row] = line.slice(0, this.#column) + token + line.slice(this.#column + 1);
      this.#column += 1;
    }
  }
}
