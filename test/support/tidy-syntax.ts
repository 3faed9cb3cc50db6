import { type Node, SyntaxKind } from 'typescript/unstable/ast';
import { createVirtualFileSystem } from 'typescript/unstable/fs';
import { API } from 'typescript/unstable/sync';

/** A file as the tidy checks see it. */
export interface SourceText {
  /** From the root of the repository, with forward slashes: `src/chain/bytes.ts`. */
  readonly path: string;
  readonly text: string;
}

export interface ParsedFile extends SourceText {
  readonly root: Node;
  /** @returns the line a node starts on, from 1 */
  lineOf(node: Node): number;
}

/** Where the compiler believes the files to be; nothing is read from or written to disk. */
const VIRTUAL_FOLDER = '/repository';

/** Parses TypeScript without resolving imports: tidy looks at how the code is written, not at its types. */
export function parseFiles(files: readonly SourceText[]): ParsedFile[] {
  const config = {
    compilerOptions: {
      noLib: true,
      noResolve: true,
      types: [],
      allowImportingTsExtensions: true,
      noEmit: true,
    },
    files: files.map((file) => file.path),
  };
  const contents: Record<string, string> = { [`${VIRTUAL_FOLDER}/tsconfig.json`]: JSON.stringify(config) };
  for (const file of files) contents[`${VIRTUAL_FOLDER}/${file.path}`] = file.text;
  const api = new API({ fs: createVirtualFileSystem(contents) });
  try {
    const snapshot = api.updateSnapshot({ openProjects: [`${VIRTUAL_FOLDER}/tsconfig.json`] });
    const program = snapshot.getProjects()[0]?.program;
    return files.map((file) => {
      const root = program?.getSourceFile(`${VIRTUAL_FOLDER}/${file.path}`);
      if (root === undefined) throw new Error(`the compiler did not take ${file.path}`);
      const lineOf = (node: Node): number => root.getLineAndCharacterOfPosition(node.getStart(root)).line + 1;
      return { ...file, root, lineOf };
    });
  } finally {
    api.close();
  }
}

/** Calls `visit` for a node and all below it, from the top. */
export function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  node.forEachChild((child) => walk(child, visit));
}

/** Test files and the helpers of tests may do what the program may not. */
export function isTestFile(path: string): boolean {
  return /\.(test|slow)\.ts$/.test(path) || path.startsWith('test/');
}

export { type Node, SyntaxKind };
