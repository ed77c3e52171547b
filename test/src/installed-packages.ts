import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startEtcd, type EtcdServer } from '@etcdts/testing';
import { root } from './documents.ts';

const execute = promisify(execFile);

/** The folders of the packages that are published. */
export const names = (await readdir(join(root, 'packages'))).filter((name) => name !== 'proto').sort();

/** The compilers that must accept the types. */
export const compilers = ['5.9.3', '6.0.3', '7.0.2'];

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
  static async install(): Promise<InstalledPackages> {
    const scratch = await mkdtemp(join(tmpdir(), 'etcdts-consumer-'));
    const bare = await mkdtemp(join(tmpdir(), 'etcdts-bundled-'));
    const here = new InstalledPackages(scratch, bare, await startEtcd());
    try {
      await here.#install();
    } catch (error) {
      await here[Symbol.asyncDispose]();
      throw error;
    }
    return here;
  }

  async #install(): Promise<void> {
    const { scratch } = this;
    const published = ['--filter', './packages/*', '--filter', '!@etcdts/proto'];
    await this.node([join(root, 'scripts/pm.mjs'), '-r', ...published, 'pack', '--pack-destination', scratch], root);
    const tarballs = (await readdir(scratch)).filter((name) => name.endsWith('.tgz'));
    await writeFile(join(scratch, 'package.json'), JSON.stringify({ private: true }));
    const typescripts = compilers.map((version) => `typescript-${version}@npm:typescript@${version}`);
    const others = ['@types/node@20', 'tsyringe@4', 'reflect-metadata@0.2'];
    const packages = [...tarballs.map((name) => `./${name}`), ...typescripts, ...others];
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
    await this.run('npm', ['install', '--prefix', scratch, ...quiet, ...packages], scratch);
    for (const [place, type] of [
      [this.app, 'module'],
      [this.commonJs, 'commonjs'],
    ] as const) {
      await cp(join(root, 'test/consumer'), place, { recursive: true });
      await writeFile(join(place, 'package.json'), JSON.stringify({ type }));
    }
  }

  /** Runs a program to its end and returns what it printed. Its failure shows all that it printed. */
  async run(program: string, args: readonly string[], cwd: string): Promise<string> {
    const own = { ETCD_ENDPOINT: this.#etcd.endpoint, ETCDTS_TEST_REPORT_FD: undefined, TEST_NAME: undefined };
    try {
      return (await execute(program, args, { cwd, env: { ...process.env, ...own }, timeout: 200_000 })).stdout;
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
  tsc(version: string | undefined): string {
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
