import { isNoSubstitutionTemplateLiteral, isStringLiteral } from 'typescript/unstable/ast';
import { isTestFile, type ParsedFile, type SourceText, SyntaxKind, walk } from './tidy-syntax.ts';

const CODE = /^KPSS_[A-Z0-9_]+$/;
/** Names of environment variables begin like codes; they all stand in this file. */
const ENVIRONMENT_FILE = 'src/config/environment.ts';

interface CodeRow {
  readonly code: string;
  readonly line: number;
}

/**
 * Holds the table of docs/errors.md against the codes in the program, both ways.
 * @param page the text of docs/errors.md: one row `| CODE | cause | cure |` a code
 */
export function checkErrorCodes(files: readonly ParsedFile[], page: string): string[] {
  const problems: string[] = [];
  const rows = codeRows(page, problems);
  const used = new Set<string>();
  for (const file of files) {
    if (!file.path.startsWith('src/') || isTestFile(file.path) || file.path === ENVIRONMENT_FILE) continue;
    walk(file.root, (node) => {
      if (node.kind === SyntaxKind.TemplateHead && node.getText().startsWith('`KPSS_')) {
        problems.push(`${file.path}:${file.lineOf(node)}: an error code that is put together: write it out`);
      }
      if (!isStringLiteral(node) && !isNoSubstitutionTemplateLiteral(node)) return;
      if (!CODE.test(node.text)) return;
      if (!used.has(node.text) && !rows.some((row) => row.code === node.text)) {
        problems.push(`${file.path}:${file.lineOf(node)}: ${node.text} is not in docs/errors.md`);
      }
      used.add(node.text);
    });
  }
  for (const { code, line } of rows) {
    if (!used.has(code)) problems.push(`docs/errors.md:${line}: no code throws ${code}`);
  }
  return problems;
}

function codeRows(page: string, problems: string[]): CodeRow[] {
  const rows: CodeRow[] = [];
  for (const [index, text] of page.split('\n').entries()) {
    const cells = text.split('|').map((cell) => cell.trim());
    const code = /^`(KPSS_[A-Z0-9_]+)`$/.exec(cells[1] ?? '')?.[1];
    if (code === undefined) continue;
    const line = index + 1;
    if ((cells[2] ?? '') === '' || (cells[3] ?? '') === '') {
      problems.push(`docs/errors.md:${line}: ${code} has no cause or no cure`);
    }
    if (rows.some((row) => row.code === code))
      problems.push(`docs/errors.md:${line}: ${code} stands there twice`);
    rows.push({ code, line });
  }
  return rows;
}

/**
 * Holds ARCHITECTURE.md against the tree: each file and folder it names in `code` exists, and each folder of src/ is
 * named. Names count from the root, from src/ or from a folder that the line names; words with `*`, `<` or `…` are patterns and are left alone.
 * @param paths all files of the repository
 */
export function checkArchitecture(page: string, paths: readonly string[]): string[] {
  const problems: string[] = [];
  for (const [index, text] of page.split('\n').entries()) {
    const names = namesIn(text);
    // In a line about a folder its files may go by their bare names.
    const folders = names.filter((name) => name.endsWith('/'));
    for (const name of names) {
      const candidates = ['', 'src/', ...folders].map((before) => (before + name).replace(/\/$/, ''));
      const exists = paths.some((path) => candidates.some((c) => path === c || path.startsWith(`${c}/`)));
      if (!exists) problems.push(`ARCHITECTURE.md:${index + 1}: there is no ${name}`);
    }
  }
  for (const folder of foldersOfSrc(paths)) {
    if (!new RegExp(`\\b${folder}/`).test(page))
      problems.push(`ARCHITECTURE.md: it does not describe src/${folder}/`);
  }
  return problems;
}

/** Words in `code` or in an indented layout that look like a file of ours or a folder. */
function namesIn(line: string): string[] {
  const spans = [...line.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
  const indented = /^ {2,}([\w./-]+)/.exec(line)?.[1];
  const words = [
    ...spans.flatMap((span) => span.split(/[\s(),]+/)),
    ...(indented === undefined ? [] : [indented]),
  ];
  return words.filter((word) => /^[\w.-]+(\/[\w.-]+)*(\.(ts|mjs|md|json|html)|\/)$/.test(word));
}

function foldersOfSrc(paths: readonly string[]): string[] {
  return [...new Set(paths.flatMap((path) => /^src\/([^/]+)\//.exec(path)?.[1] ?? []))];
}

// In parts, so that this file does not find itself.
const MACHINE_PATH = new RegExp(`(?<![\\w.])/${'work'}/|\\.\\./${'shared'}\\b`);

/** @returns a sentence per line that names a place on somebody's machine */
export function checkMachinePaths(files: readonly SourceText[]): string[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const found = MACHINE_PATH.exec(line);
      return found === null ? [] : [`${path}:${index + 1}: ${found[0]} is a place on one machine`];
    }),
  );
}
