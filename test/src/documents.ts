// The code in the documents, made into programs. A block marked `ts` begins a module, `ts more` goes on with the one before it;
// `ts no-run` is only type-checked.
// A line `expression; // => value`, also as `console.log(expression); // => value`, is checked to be so.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, type Ending } from './program.ts';

/** A Markdown file. */
export interface Document {
  /** Relative to the root, as `docs/watch.md`. */
  readonly path: string;
  readonly text: string;
}

/** One program: a block of code, and those that go on with it. */
export interface Block {
  /** Where it begins, as `README.md:41`. */
  readonly name: string;
  readonly code: string;
  readonly runs: boolean;
  /** The number of blocks. */
  readonly parts: number;
}

/** The etcd that a program is run on, by the address that it names. */
export type Server = 'plain' | 'cluster' | 'tls' | 'mutual';

/** The root of the repository. */
export const root: string = fileURLToPath(new URL('../..', import.meta.url));

/** Below `test`, where the packages that the blocks import are found; each test file has a folder of its own. */
const folderOf = (place: string): string => join(root, 'test', 'dist', place);
/** What documents write in place of addresses: of an etcd, of a cluster, of an etcd with TLS, and of one with client certificates. */
const ADDRESSES: Readonly<Record<Server, string>> = {
  plain: "'localhost:2379'",
  cluster: "'etcd-1:2379', 'etcd-2:2379', 'etcd-3:2379'",
  tls: "'https://etcd.example:2379'",
  mutual: "'https://mutual.example:2379'",
};
const CLAIM = /^(\s*)(?:console\.log\((.*)\)|(.*)); \/\/ => (.*)$/gm;
const LIMIT_MS = 20_000;
/** What the documents use of a package that is too large to be installed for one block, which is not run. */
const VITEST = `declare module 'vitest' {
  export function test(name: string, run: () => Promise<void>): void;
  export function onTestFinished(end: () => Promise<void>): void;
  export function expect(actual: unknown): { rejects: { toMatchObject(expected: object): Promise<void> } };
}
`;

/** Every document: of the root, of `docs` and its `spec`, and of the packages. */
export function documents(): readonly Document[] {
  const packages = readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`);
  const files = (place: string): string[] => readdirSync(join(root, place)).filter((name) => name.endsWith('.md'));
  const folders = ['docs', 'docs/spec'].flatMap((place) => files(place).map((name) => `${place}/${name}`));
  const paths = [...files('.'), ...folders, ...packages];
  return paths.map((path) => ({
    path,
    text: existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '',
  }));
}

/** The text of a document. */
export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** The programs of a document. */
export function blocksOf({ path, text }: Document): readonly Block[] {
  const blocks: Block[] = [];
  for (const { index, 1: mark, 2: code = '' } of text.matchAll(/^```ts(.*)\n([^]*?)^```$/gm)) {
    const line = text.slice(0, index).split('\n').length;
    const name = `${path}:${line}`;
    const before = mark === ' more' ? blocks.pop() : undefined;
    if (mark !== '' && mark !== ' no-run' && before?.runs !== true)
      throw new Error(`${name}: a block is marked "ts${mark}"`);
    // So many empty lines that an error tells the line of the document.
    const above = (before?.code ?? '') + '\n'.repeat(line - (before?.code.split('\n').length ?? 1) + 1);
    blocks.push({
      name: before?.name ?? name,
      code: above + code,
      runs: mark !== ' no-run',
      parts: 1 + (before?.parts ?? 0),
    });
  }
  return blocks;
}

/** The etcd that a program needs. One that names no address is run beside a plain one. */
export function serverOf({ code }: Block): Server {
  const servers = Object.keys(ADDRESSES) as Server[];
  return servers.find((server) => code.includes(ADDRESSES[server])) ?? 'plain';
}

/** How blocks are compiled. */
export interface Compilation {
  /** The name of the folder for them. */
  readonly place: string;
  /** An expression, or several, in place of the address in the text. */
  readonly endpoint: string;
  /** Whether what the blocks claim is checked. */
  readonly claims: boolean;
}

/** The text of a program, with addresses that exist, and with its claims as assertions. */
export function programOf(block: Block, { endpoint, claims }: Omit<Compilation, 'place'>): string {
  const check = "import { deepStrictEqual as same } from 'node:assert/strict';";
  const claimed = block.code.replace(
    CLAIM,
    (_, indent, logged, plain, value) => `${indent}same(${logged ?? plain}, ${value});`,
  );
  return (claims ? check + claimed : block.code).replaceAll(ADDRESSES[serverOf(block)], endpoint);
}

/** Type-checks and compiles the blocks; returns what the compiler says: nothing if all is well. */
export async function compile(blocks: readonly Block[], { place, endpoint, claims }: Compilation): Promise<string> {
  const folder = folderOf(place);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const block of blocks) {
    writeFileSync(join(folder, `${fileOf(block)}.ts`), programOf(block, { endpoint, claims }));
  }
  writeFileSync(join(folder, 'vitest.d.ts'), VITEST);
  const options = {
    composite: false,
    // As it is written: a reader of JavaScript has no compiler that makes older code of it.
    target: 'ESNext',
    declaration: false,
    declarationMap: false,
    isolatedDeclarations: false,
    moduleDetection: 'force',
    rootDir: '.',
    outDir: '.',
    tsBuildInfoFile: null,
  };
  const config = { extends: '../../../tsconfig.base.json', compilerOptions: options, include: ['*.ts'], exclude: [] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const { code, output } = await run([join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], {
    limitMs: LIMIT_MS,
  });
  return code === 0 ? '' : output;
}

/** Where a compiled block is. */
export function compiled(block: Block, place: string): string {
  return join(folderOf(place), `${fileOf(block)}.js`);
}

/** Runs a compiled block to its end; one that does not end by itself is killed. `more`: its folder, variables, arguments and limit. */
export function runBlock(
  block: Block,
  place: string,
  more: {
    readonly env?: NodeJS.ProcessEnv;
    readonly args?: readonly string[];
    readonly cwd?: string;
    readonly limitMs?: number;
  } = {},
): Promise<Ending> {
  // A block may itself be a file of tests, whose result is not one of ours.
  const env = { ...process.env, ETCDTS_TEST_REPORT_FD: undefined, ...more.env };
  const options = {
    limitMs: more.limitMs ?? LIMIT_MS,
    env,
    ...(more.cwd === undefined ? undefined : { cwd: more.cwd }),
  };
  return run([...(more.args ?? []), '--enable-source-maps', compiled(block, place)], options);
}

function fileOf({ name }: Block): string {
  return name.replaceAll(/[/.:]/g, '-');
}
