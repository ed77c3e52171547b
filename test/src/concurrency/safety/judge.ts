import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Held, Order, Report } from './messages.ts';

const worker = fileURLToPath(new URL('worker.js', import.meta.url));

/** What a run has seen. */
export interface Verdict {
  /** How often a lock went to another process than the one that held it before. */
  handovers: number;
  /** Holders that were stopped or had their event loop blocked. */
  pauses: number;
  /** Reads of `signal` as open by a holder after a later one had read its own as open. */
  overlaps: number;
  /** Writes to the fenced resource with a token below one that it had seen, and how many of those it accepted. */
  readonly stale: { offered: number; accepted: number };
  /** Guarded transactions: committed, refused, and committed after the lock was lost. */
  readonly guarded: { committed: number; refused: number; wrong: number };
  /** How many locks were lost while they were held. */
  lost: number;
  /** What should not have happened to a worker at all. */
  readonly failures: string[];
}

type HeldBy = Held & { readonly by: Worker };

/** The third party: starts the processes that contend, plays the fenced resource, pauses holders, and compares what they saw. */
export class Judge implements AsyncDisposable {
  readonly verdict: Verdict = {
    handovers: 0,
    pauses: 0,
    overlaps: 0,
    stale: { offered: 0, accepted: 0 },
    guarded: { committed: 0, refused: 0, wrong: 0 },
    lost: 0,
    failures: [],
  };
  readonly #workers: Worker[] = [];
  /** The tokens whose writes the resource has accepted, in order, by the name of the lock. */
  readonly #accepted = new Map<string, bigint[]>();
  readonly #held = new Map<string, HeldBy[]>();

  get workers(): readonly Worker[] {
    return this.#workers;
  }

  /** Starts workers that contend for the locks of these names over these endpoints. */
  async start(count: number, ttl: number, names: readonly string[], endpoints: readonly string[]): Promise<void> {
    for (let i = 0; i < count; i++) {
      const child = fork(worker, [String(i), String(ttl), names.join(','), ...endpoints]);
      this.#workers.push(new Worker(child, (one, report) => this.#take(one, report)));
    }
    await Promise.all(this.#workers.map(({ ready }) => ready));
  }

  /** Lets all workers finish, waits for their end, and compares what the holders of each lock saw. */
  async finish(): Promise<Verdict> {
    for (const one of this.#workers) one.send({ type: 'leave' });
    await Promise.all(this.#workers.map(({ ended }) => ended));
    for (const held of this.#held.values()) this.#compare(held);
    for (const tokens of this.#accepted.values())
      this.verdict.stale.accepted += tokens.filter((token, i) => token < (tokens[i - 1] ?? 0n)).length;
    return this.verdict;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#workers) one.kill();
    await Promise.all(this.#workers.map(({ ended }) => ended));
  }

  #take(one: Worker, report: Report): void {
    const { verdict } = this;
    if (report.type === 'write') {
      const accepted = this.#write(report.name, BigInt(report.token));
      if (!accepted) verdict.stale.offered++;
      one.send({ type: 'answer', id: report.id, accepted });
    } else if (report.type === 'held') {
      const held = this.#held.get(report.name) ?? [];
      this.#held.set(report.name, held);
      held.push({ ...report, by: one });
      verdict.guarded.committed += report.committed;
      verdict.guarded.refused += report.refused;
      verdict.guarded.wrong += report.wrong;
    } else if (report.type === 'left') {
      verdict.lost += report.lost;
      verdict.failures.push(...report.failures);
    }
  }

  /** What a resource does that is guarded by tokens: it refuses one that is older than the newest that it has seen. */
  #write(name: string, token: bigint): boolean {
    const accepted = this.#accepted.get(name) ?? [];
    this.#accepted.set(name, accepted);
    if (token < (accepted.at(-1) ?? 0n)) return false;
    accepted.push(token);
    return true;
  }

  #compare(held: HeldBy[]): void {
    const order = held.toSorted((a, b) => (BigInt(a.token) < BigInt(b.token) ? -1 : 1));
    let latest = 0n;
    for (const { open } of order) {
      if (open === undefined) continue;
      if (BigInt(open.first) < latest) this.verdict.overlaps++;
      if (BigInt(open.last) > latest) latest = BigInt(open.last);
    }
    this.verdict.handovers += order.filter(({ by }, i) => i > 0 && by !== order[i - 1]?.by).length;
  }
}

/** A process that contends. */
export class Worker {
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;
  /** Whether it is, or shall be, paused. */
  busy = false;
  readonly #child: ChildProcess;
  #holding: (() => void) | undefined;

  constructor(child: ChildProcess, take: (one: Worker, report: Report) => void) {
    this.#child = child;
    this.ended = once(child, 'exit').then(() => {});
    this.ready = once(child, 'message').then(() => {});
    child.on('message', (report: Report) => {
      if (report.type === 'holding') this.#holding?.();
      take(this, report);
    });
  }

  send(order: Order): void {
    if (this.#child.connected) this.#child.send(order);
  }

  /** Stops the process while it holds a lock, and lets it go on after `ms`. */
  async freeze(ms: number): Promise<void> {
    const holding = new Promise<void>((resolve) => (this.#holding = resolve));
    this.send({ type: 'hold' });
    await Promise.race([holding, this.ended]);
    this.#child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.#child.kill('SIGCONT');
  }

  /** Blocks the event loop of the process, as soon as it holds a lock. */
  async block(ms: number): Promise<void> {
    const holding = new Promise<void>((resolve) => (this.#holding = resolve));
    this.send({ type: 'block', ms });
    await Promise.race([holding, this.ended]);
    await new Promise((resolve) => setTimeout(resolve, ms));
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
