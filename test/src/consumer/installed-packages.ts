import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startEtcd, type EtcdServer } from '@etcdts/testing';
import { root } from '../documents.ts';

const execute = promisify(execFile);

const { libraries } = (await import(new URL('../../../scripts/published.mjs', import.meta.url).href)) as {
  readonly libraries: readonly string[];
};

/** The folders of the packages that are published for programs to import. */
export const names: readonly string[] = libraries;

/** The compilers that must accept the types. */
export const compilers = ['5.9.3', '6.0.3', '7.0.2'] as const;
/** The newest compiler, whose output the programs run from. */
const newest = '7.0.2';

/** The programs of `test/consumer` that print `done`. */
export const programs = ['program', 'injection', 'plugin', 'rare', 'http2', 'embedded'];
/** Those that are bundled by other bundlers than esbuild: a client, in each of its forms. */
export const bundled: readonly string[] = programs.filter((program) => program !== 'embedded');
/** Without it, Node gives a program that requires the packages the ES modules. */
export const onlyCommonJs = '--no-experimental-require-module';

/** What is installed, beside the packages and what their types and programs need. */
export interface Installation {
  /** Packages of the registry. */
  readonly more?: readonly string[];
  /** Versions of dependencies, by name. */
  readonly overrides?: Readonly<Record<string, string>>;
  /** An installation whose packed packages are installed again; without it they are packed. */
  readonly packedBy?: InstalledPackages;
}

/** The packages as they are published, installed in folders outside the repository, and an etcd for what runs there. */
export class InstalledPackages implements AsyncDisposable {
  /** Where everything is installed. */
  readonly scratch: string;
  /** An application that is an ES module. */
  readonly app: string;
  /** The same application as CommonJS. */
  readonly commonJs: string;
  /** A folder outside of `scratch`, in which nothing is installed. */
  readonly bare: string;
  readonly #etcd: EtcdServer;

  private constructor(scratch: string, bare: string, etcd: EtcdServer) {
    this.scratch = scratch;
    this.app = join(scratch, 'app');
    this.commonJs = join(scratch, 'commonJs');
    this.bare = bare;
    this.#etcd = etcd;
  }

  /** Packs and installs all packages, with the programs of `test/consumer` beside them. */
  static async install(installation: Installation = {}): Promise<InstalledPackages> {
    const scratch = await mkdtemp(join(tmpdir(), 'etcdts-consumer-'));
    const bare = await mkdtemp(join(tmpdir(), 'etcdts-bundled-'));
    const here = new InstalledPackages(scratch, bare, await startEtcd());
    try {
      await here.#install(installation);
    } catch (error) {
      await here[Symbol.asyncDispose]();
      throw error;
    }
    return here;
  }

  async #install({ more = [], overrides = {}, packedBy }: Installation): Promise<void> {
    const { scratch } = this;
    if (packedBy === undefined) await this.node([join(root, 'scripts/pack.mjs'), scratch], root);
    const place = packedBy?.scratch ?? scratch;
    const tarballs = (await readdir(place)).filter((name) => name.endsWith('.tgz')).map((name) => join(place, name));
    await writeFile(join(scratch, 'package.json'), JSON.stringify({ private: true, overrides }));
    const typescripts = packedBy === undefined ? compilers : [newest];
    const others = ['@types/node@20', 'tsyringe@4', 'reflect-metadata@0.2', 'prom-client@15'];
    const packages = [...tarballs, ...typescripts.map((one) => `typescript-${one}@npm:typescript@${one}`), ...others];
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
    await this.run('npm', ['install', '--prefix', scratch, ...quiet, ...packages, ...more], scratch);
    for (const [folder, type] of [
      [this.app, 'module'],
      [this.commonJs, 'commonjs'],
    ] as const) {
      await cp(join(root, 'test/consumer'), folder, { recursive: true });
      await writeFile(join(folder, 'package.json'), JSON.stringify({ type }));
    }
  }

  /** Compiles files of an application to its folder `out`, which must have no error. Other options go before the usual ones. */
  async compile(
    place: 'app' | 'commonJs',
    files: readonly string[],
    { version = newest, ...more }: { readonly version?: string; readonly [option: string]: unknown } = {},
  ): Promise<void> {
    const compilerOptions = {
      ...{ module: 'nodenext', target: 'es2022', lib: ['es2022', 'esnext.disposable'], types: [] },
      ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, rootDir: '.', outDir: 'out', ...more },
    };
    await writeFile(join(this[place], 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    await this.node([this.tsc(version), '-p', this[place]], this.scratch);
  }

  /** Runs a program to its end and returns what it printed. Its failure shows all that it printed. */
  async run(program: string, args: readonly string[], cwd: string): Promise<string> {
    const own = {
      ETCD_ENDPOINT: this.#etcd.endpoint,
      BUNDLES: this.bare,
      ...{ DENO_DIR: join(this.scratch, 'deno'), DENO_NO_UPDATE_CHECK: '1' },
      ...{ ETCDTS_TEST_REPORT_FD: undefined, TEST_NAME: undefined },
    };
    try {
      const { stdout } = await execute(program, args, { cwd, env: { ...process.env, ...own }, timeout: 200_000 });
      return stdout;
    } catch (error) {
      const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
      throw new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error });
    }
  }

  /** Runs a program of Node, as `run` does. */
  node(args: readonly string[], cwd: string): Promise<string> {
    return this.run(process.execPath, args, cwd);
  }

  /** The compiler of this version. */
  tsc(version: string): string {
    return join(this.scratch, 'node_modules', `typescript-${version}`, 'bin/tsc');
  }

  /** Where a package is installed, or a file of it. */
  path(name: string, file = ''): string {
    return join(this.scratch, 'node_modules/@etcdts', name, file);
  }

  /** All files of a package. */
  async filesOf(name: string): Promise<string[]> {
    const entries = await readdir(this.path(name), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.map((file) => join(file.parentPath, file.name).slice(this.path(name).length + 1)).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#etcd.close();
    for (const folder of [this.scratch, this.bare]) await rm(folder, { recursive: true, force: true });
  }
}
