import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { checkOptions } from '@etcdts/core/plugin';
import type { EtcdBinary } from './etcd-binary.ts';
import type { DataRoot } from './etcd-data.ts';
import type { EtcdOptions, MemberPlace } from './etcd-flags.ts';
import { toFlags } from './etcd-flags.ts';
import { fetchText, sumMetric } from './etcd-metrics.ts';
import { eventually } from './eventually.ts';

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 15_000;

/** Options of a start. */
export interface StartOptions {
  /** Whether to wait until the member serves. A member without a quorum never does. Defaults to true. */
  readonly waitHealthy?: boolean;
}

/** The error of a start if another process has taken a port. */
export class PortTaken extends Error {}

/** One etcd process on loopback. It can be killed, stopped, frozen and started again on the same data and ports. */
export class EtcdMember {
  /** The name in the member list. */
  readonly name: string;
  /** The folder of its data, for tools that read it, such as etcdutl. It is there until the cluster is closed. */
  readonly dataDirectory: string;
  /** The endpoint, `127.0.0.1:port`, for a proxy. */
  readonly endpoint: string;
  /** The URL for clients, `http://127.0.0.1:port`, or `https://…` with TLS. */
  readonly clientUrl: string;
  /** The URL under which the other members reach it. */
  readonly peerUrl: string;
  /** The version, such as `3.5.16`. */
  readonly version: string;
  readonly #place: MemberPlace;
  readonly #options: EtcdOptions;
  readonly #binary: EtcdBinary;
  readonly #root: DataRoot;
  #child: ChildProcess | undefined;

  /** @internal */
  constructor(place: MemberPlace, options: EtcdOptions, binary: EtcdBinary, root: DataRoot) {
    this.name = place.name;
    this.dataDirectory = place.dataDirectory;
    this.clientUrl = place.clientUrl;
    this.endpoint = new URL(place.clientUrl).host;
    this.peerUrl = place.advertisedPeerUrl;
    this.version = binary.version;
    this.#place = place;
    this.#options = options;
    this.#binary = binary;
    this.#root = root;
  }

  /** The id of its process; `undefined` while it is down. */
  get pid(): number | undefined {
    return this.running ? this.#child?.pid : undefined;
  }

  /** Whether the process lives; a frozen one does. */
  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts the process. Rejects with its log if it ends or does not serve within 30 s. */
  async start(options: StartOptions = {}): Promise<void> {
    checkOptions<StartOptions>(options, { waitHealthy: 'boolean' });
    const { waitHealthy = true } = options;
    if (this.running) throw new Error(`${this.name} is running already`);
    const log = openSync(this.#logPath, 'a');
    const flags = toFlags(this.#place, this.#options, this.version);
    const child = spawn(this.#binary.path, flags, { cwd: this.#root.path, stdio: ['ignore', log, log] });
    closeSync(log);
    await once(child, 'spawn');
    this.#child = child;
    this.#root.guard(child.pid as number);
    if (waitHealthy) await this.#waitHealthy();
  }

  /** Kills the process if it runs, and starts it again on the same data and ports. */
  async restart(options?: StartOptions): Promise<void> {
    await this.kill();
    await this.start(options);
  }

  /** Ends the process at once (SIGKILL). Resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends the process in order (SIGTERM). A leader first transfers its leadership, which may take seconds. */
  async stop(): Promise<void> {
    this.#child?.kill('SIGCONT');
    const impatience = setTimeout(() => this.#child?.kill('SIGKILL'), STOP_LIMIT_MS);
    await this.#end('SIGTERM').finally(() => clearTimeout(impatience));
  }

  /** Freezes the process (SIGSTOP): its connections stay open and nothing answers. */
  async freeze(): Promise<void> {
    this.#child?.kill('SIGSTOP');
    await this.#waitState((state) => state === 'T');
  }

  /** Lets a frozen process go on (SIGCONT). */
  async thaw(): Promise<void> {
    this.#child?.kill('SIGCONT');
    await this.#waitState((state) => state !== 'T');
  }

  /** Removes the data of a member that is down, as if its disk had been replaced. */
  wipe(): void {
    if (this.running) throw new Error(`${this.name} is running, kill it first`);
    rmSync(this.#place.dataDirectory, { recursive: true, force: true });
  }

  /** The metrics as Prometheus reads them, over plain HTTP even if clients need TLS. */
  metrics(): Promise<string> {
    return fetchText(`${this.#place.metricsUrl}/metrics`);
  }

  /** The sum of the series of this name that have at least these labels; 0 if etcd has none yet. */
  async metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number> {
    return sumMetric(await this.metrics(), name, labels);
  }

  /** Whether its health check succeeds, except for alarms. False if it does not answer. */
  async isHealthy(): Promise<boolean> {
    try {
      const answer = await fetchText(`${this.#place.metricsUrl}/health?exclude=NOSPACE&exclude=CORRUPT`);
      return (JSON.parse(answer) as { health?: string }).health === 'true';
    } catch {
      return false;
    }
  }

  /** Everything that the process has logged. */
  log(): string {
    return readFileSync(this.#logPath, 'utf8');
  }

  get #logPath(): string {
    return `${this.#root.path}/${this.name}.log`;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || !this.running) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  async #waitHealthy(): Promise<void> {
    try {
      await eventually(async () => !this.running || (await this.isHealthy()), { timeoutMs: START_LIMIT_MS });
      if (this.running) return;
    } catch {
      await this.kill();
    }
    const log = this.log().trim().split('\n');
    // The error of a flag comes before pages of usage, every other error at the end.
    const words = log.length > 30 ? [...log.slice(0, 5), '…', ...log.slice(-25)] : log;
    const message = `etcd ${this.version} as ${this.name} did not start serving; its log:\n${words.join('\n')}`;
    throw /address already in use/.test(message) ? new PortTaken(message) : new Error(message);
  }

  /** Waits until a signal to stop or go on takes effect. That is after `kill` returns; Linux shows it in the process table. */
  async #waitState(reached: (state: string | undefined) => boolean): Promise<void> {
    if (process.platform !== 'linux' || this.pid === undefined) return;
    const stat = `/proc/${this.pid}/stat`;
    const describe = `${this.name} obeys the signal`;
    await eventually(() => reached(/\) (\w)/.exec(readFileSync(stat, 'utf8'))?.[1]), { intervalMs: 1, describe });
  }
}
