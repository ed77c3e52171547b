import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findEtcd } from '@etcdts/testing';

const LIMIT_MS = 20_000;
const store = fileURLToPath(new URL('../../../.etcd', import.meta.url));

/** Finds the official etcdctl: EMBEDDED_ETCDCTL, or beside the etcd, on the PATH, or fetched; `undefined` if there is none. */
export async function findEtcdctl(): Promise<string | undefined> {
  const { path } = await findEtcd();
  const folders = [dirname(path), ...(process.env['PATH'] ?? '').split(delimiter)];
  const fetched = existsSync(store) ? readdirSync(store).map((name) => join(store, name, 'usr', 'bin')) : [];
  const places = [...folders, ...fetched].map((folder) => join(folder, 'etcdctl'));
  return [process.env['EMBEDDED_ETCDCTL'] ?? '', ...places].find((place) => place !== '' && existsSync(place));
}

/** A command and its output. */
export interface Printed {
  readonly command: string;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs etcdctl against one etcd. */
export class Etcdctl {
  readonly #path: string;
  readonly #endpoint: string;
  /** Every command so far. */
  readonly transcript: Printed[] = [];

  constructor(path: string, endpoint: string) {
    this.#path = path;
    this.#endpoint = endpoint;
  }

  /** Runs against the same etcd without an entry in the transcript. */
  beside(): Etcdctl {
    return new Etcdctl(this.#path, this.#endpoint);
  }

  /** Runs a command to its end, or until it has printed so many lines, and returns what it printed. */
  run(args: string, options: { readonly stdin?: string; readonly lines?: number } = {}): Promise<string> {
    const { stdin = '', lines = Infinity } = options;
    const words = args.split(' ').map((word) => word.replaceAll('␠', ' '));
    return new Promise((resolve, reject) => {
      const child = spawn(this.#path, [`--endpoints=${this.#endpoint}`, ...words], {
        env: { ...process.env, ETCDCTL_API: '3' },
        timeout: LIMIT_MS,
      });
      let [stdout, stderr] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk.toString();
        if (stdout.split('\n').length > lines) child.kill('SIGKILL');
      });
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.on('error', reject);
      child.on('close', (code) => {
        this.transcript.push({ command: args, code, stdout, stderr });
        resolve(stdout);
      });
      child.stdin.on('error', () => {});
      child.stdin.end(stdin);
    });
  }
}
