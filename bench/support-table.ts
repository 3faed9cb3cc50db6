import { textTable } from '../src/cli/text-table.ts';

/** Prints a table of text cells under its title. */
export function printTable(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  process.stdout.write(`${title}\n\n${textTable(head, rows)}\n`);
}
