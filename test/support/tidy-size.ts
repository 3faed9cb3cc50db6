import { isFunctionLikeDeclaration } from 'typescript/unstable/ast';
import { isTestFile, type ParsedFile, type SourceText, walk } from './tidy-syntax.ts';

/** What is read in one sitting; most files are half as long. */
export const FILE_LINES_MAX = 400;
/** One or two screens. A suite of tests is a function too, but is read case by case, so tests have no such bound. */
export const FUNCTION_LINES_MAX = 70;

/** @returns a sentence per file of the program or its tests that is too long */
export function checkFileSizes(files: readonly SourceText[]): string[] {
  return files.flatMap(({ path, text }) => {
    const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
    return lines > FILE_LINES_MAX ? [`${path}: ${lines} lines, at most ${FILE_LINES_MAX}: split it`] : [];
  });
}

/** @returns a sentence per function outside tests that is too long */
export function checkFunctionSizes(files: readonly ParsedFile[]): string[] {
  const problems: string[] = [];
  for (const file of files) {
    if (isTestFile(file.path)) continue;
    walk(file.root, (node) => {
      if (!isFunctionLikeDeclaration(node)) return;
      const lines = node.getText().split('\n').length;
      if (lines > FUNCTION_LINES_MAX) {
        problems.push(
          `${file.path}:${file.lineOf(node)}: a function of ${lines} lines, at most ${FUNCTION_LINES_MAX}`,
        );
      }
    });
  }
  return problems;
}
