/** To the line's beginning, and everything from there to its end away; every terminal but a dumb one knows it (ECMA-48). */
export const ERASE_LINE = '\r\x1b[K';

/** One line at the bottom of a terminal, below the last line that was written. */
export interface StatusLine {
  /**
   * Replaces what stands there. Never waits: while the terminal is behind, only the newest text is kept.
   * @param text without control characters, and narrower than the terminal: a wrapped line cannot be erased; '' for none
   */
  stand(text: string): void;
}

/**
 * Lines and a status below them, on their way to one terminal. A line that comes while a status stands erases it and
 * draws it again below itself, in one write, so that no other write comes between. Without a status, lines go through
 * as they are: to a file or a pipe no control code is ever sent.
 */
export class LinesAndStatus implements StatusLine {
  readonly #write: (text: string) => boolean;
  /** What should stand. */
  #wanted = '';
  /** What stands once all that was handed over is written. */
  #standing = '';
  #isBehind = false;
  #isEnded = false;

  /**
   * @param write in order, and whole or not at all; caughtUp() is to be called once everything is written.
   * @returns false where the text was dropped
   */
  constructor(write: (text: string) => boolean) {
    this.#write = write;
  }

  /** Whether a status is left to be erased, and the terminal has read all before it. */
  get isStanding(): boolean {
    return this.#standing !== '' && !this.#isBehind;
  }

  /** @param lines whole ones, each with its line feed */
  write(lines: string): void {
    // Who does not keep up gets the lines alone: a status that is read late is wrong, and would fill the lines' buffer.
    this.#hand(lines, this.#isBehind ? '' : this.#wanted);
  }

  stand(text: string): void {
    if (this.#isEnded) return;
    this.#wanted = text;
    this.#update();
  }

  /** Makes room for what others write to the same terminal now; the status comes back when the terminal has caught up. */
  hide(): void {
    if (this.#standing !== '') this.#hand('', '');
  }

  /** Takes the status away for good; lines still go through. */
  end(): void {
    this.#isEnded = true;
    this.#wanted = '';
    this.hide();
  }

  /** Everything that was handed over is written. */
  caughtUp(): void {
    this.#isBehind = false;
    this.#update();
  }

  #update(): void {
    if (!this.#isBehind && this.#wanted !== this.#standing) this.#hand('', this.#wanted);
  }

  #hand(lines: string, status: string): void {
    const erase = this.#standing === '' ? '' : ERASE_LINE;
    if (!this.#write(erase + lines + status)) return;
    this.#standing = status;
    this.#isBehind = true;
  }
}
