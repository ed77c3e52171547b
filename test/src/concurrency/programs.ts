import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually, findEtcd } from '@etcdts/testing';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);

/** A program that prints lines. It is killed when it is disposed of. */
export class Program implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<unknown>;

  constructor(path: string, args: readonly string[]) {
    this.#child = spawn(path, args, { env: { ...process.env, ETCDCTL_API: '3' } });
    this.#child.stderr.resume();
    createInterface(this.#child.stdout).on('line', (line) => this.lines.push(line));
    this.#closed = once(this.#child, 'close');
  }

  /** Resolves with the lines when there are so many. */
  async printed(count: number, timeoutMs = 15_000): Promise<readonly string[]> {
    const describe = (): string => `${count} lines are printed, there are ${JSON.stringify(this.lines)}`;
    await eventually(() => this.lines.length >= count, { timeoutMs, describe });
    return this.lines;
  }

  write(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Sends a signal and waits for the end. Resolves with the exit code. */
  async end(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    this.#child.kill(signal);
    await this.#closed;
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.end('SIGKILL');
  }
}

/** Finds the official etcdctl of a release: beside the etcd of the tests, or among those that scripts/etcd.mjs has obtained. */
export async function etcdctlOf(release: '3.4' | '3.5'): Promise<string | undefined> {
  const store = join(root, '.etcd');
  const obtained = existsSync(store) ? readdirSync(store).map((name) => join(store, name, 'usr', 'bin')) : [];
  for (const folder of [dirname((await findEtcd()).path), ...obtained]) {
    const path = join(folder, 'etcdctl');
    if (!existsSync(path)) continue;
    const { stdout } = await run(path, ['version'], { env: { ...process.env, ETCDCTL_API: '3' } });
    if (stdout.includes(`etcdctl version: ${release}.`)) return path;
  }
  return undefined;
}

/** Builds a Go program of `test/go`, once for each state of its source. Returns its path, or why there is none. */
export async function buildGo(name: string): Promise<{ readonly path: string } | { readonly missing: string }> {
  try {
    await run('go', ['version']);
  } catch {
    return { missing: 'Go is not installed' };
  }
  try {
    const program = [join(root, 'scripts/go-program.mjs'), join(root, 'test/go', name)];
    return { path: (await run(process.execPath, program)).stdout.trim() };
  } catch (error) {
    // Without a network there are no modules. A program that does not compile is an error.
    if (/dial tcp|no such host|i\/o timeout|proxyconnect/.test(String(error))) {
      return { missing: 'the modules of the Go program cannot be downloaded' };
    }
    throw error;
  }
}
