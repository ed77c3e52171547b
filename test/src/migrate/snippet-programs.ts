// Programs in the style of etcd3's readme, before and after the migration.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from '../documents.ts';
import { run, type Ending } from '../program.ts';

/** The command. */
export const cli: string = join(root, 'packages/migrate/dist/cli.js');
const SNIPPETS = join(root, 'test/etcd3-snippets');

/** The programs that run, by the paths of their files. */
export const programs: readonly string[] = [...namesOf(SNIPPETS), 'commonjs/plain.js'];
/** Files with what has no counterpart. */
export const open: readonly string[] = namesOf(join(SNIPPETS, 'open')).map((name) => `open/${name}`);

function namesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? entry.name : []));
}

/** Whether a program is a CommonJS module, whose end only shows in the end of its process. */
export const isScript = (name: string): boolean => /\.(cjs|js)$/.test(name);

/** The snippets, copied to where the packages that they import are found. */
export class SnippetPrograms {
  readonly #folder: string;

  constructor(place: string) {
    this.#folder = join(root, 'test/dist', place);
    rmSync(this.#folder, { recursive: true, force: true });
    for (const side of ['before', 'after'] as const) {
      mkdirSync(this.path(side), { recursive: true });
      cpSync(SNIPPETS, this.path(side), { recursive: true });
    }
  }

  path(side: 'before' | 'after', name = ''): string {
    return join(this.#folder, side, name);
  }

  read(side: 'before' | 'after', name: string): string {
    return readFileSync(this.path(side, name), 'utf8');
  }

  /** Runs the command on the copies that are to change. */
  async migrate(...args: readonly string[]): Promise<Ending> {
    return await run([cli, ...args, this.path('after')], { limitMs: 60_000, cwd: this.#folder });
  }

  /** Builds a program, and returns the path of the file. */
  async build(side: 'before' | 'after', name: string): Promise<string> {
    const format = isScript(name) ? 'cjs' : 'esm';
    const file = `${name.replaceAll(/[/.]/g, '-')}.${format === 'cjs' ? 'cjs' : 'mjs'}`;
    const outfile = join(this.#folder, 'built', side, file);
    const entryPoints = [this.path(side, name)];
    await build({
      entryPoints,
      outfile,
      format,
      bundle: true,
      packages: 'external',
      platform: 'node',
      target: 'node20',
    });
    return outfile;
  }

  /** The errors of the compiler, as `name:line text`. */
  async errors(side: 'before' | 'after'): Promise<string[]> {
    const compilerOptions = {
      ...{ module: 'nodenext', target: 'es2022', lib: ['es2023', 'esnext.disposable'], types: ['node'], strict: true },
      ...{ noEmit: true, skipLibCheck: true, allowImportingTsExtensions: true, noUncheckedIndexedAccess: true },
    };
    const config = this.path(side, 'tsconfig.json');
    writeFileSync(config, JSON.stringify({ compilerOptions, include: ['*.ts', 'open', 'shared'] }));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { output } = await run([tsc, '-p', config, '--pretty', 'false'], { limitMs: 60_000, cwd: this.path(side) });
    return [...output.matchAll(/^(\S+?)\((\d+),\d+\): (error .*)$/gm)].map(
      ([, name, line, text]) => `${name}:${line} ${text}`,
    );
  }
}
