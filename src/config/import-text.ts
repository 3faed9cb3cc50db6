import { Document, isMap, isNode, isScalar, type Node } from 'yaml';
import type { Draft } from './import-ports.ts';
import type { Path } from './problems.ts';

/** A long password stays in one line, and one with a line's end in it is quoted: each is found by its name. */
const ONE_LINE_EACH = { lineWidth: 0, blockQuote: false } as const;

/**
 * The text of kpss.yaml.
 * @param name of the file that it was made of
 */
export function importedText(instances: readonly Draft[], name: string): string {
  const [only] = instances;
  const isOnly = instances.length === 1 && only !== undefined;
  const document = new Document(
    isOnly ? only.settings : { instances: instances.map(({ settings }) => settings) },
  );
  document.commentBefore = [
    ` Made by kpss import of ${oneLine(name)}. kpss doctor says whether all is well.`,
    ' README.md lists all settings.',
  ].join('\n');
  for (const [i, { remarks }] of instances.entries()) {
    for (const { path, text } of remarks) remark(document, isOnly ? path : ['instances', i, ...path], text);
  }
  return document.toString(ONE_LINE_EACH);
}

/** Behind a value, or at the end of a group. */
function remark(document: Document, path: Path, text: string): void {
  const node = document.getIn(path, true);
  if (!isNode(node)) return;
  const parent = document.getIn(path.slice(0, -1), true);
  if (isScalar(node) && isMap(parent)) append(node, text);
  else if (isMap(node)) append(node, text);
}

function append(node: Node, text: string): void {
  const line = ` ${oneLine(text)}`;
  const between = isMap(node) ? '\n' : ';';
  node.comment = node.comment ? `${node.comment}${between}${line}` : line;
}

/** What stands in a comment must not begin a line of its own. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is for
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ');
}
