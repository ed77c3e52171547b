import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { checkOptions } from '@etcdts/core/plugin';
import type { Direction, LaneRules, Verdict } from './proxy-lane.ts';
import type { ProxyTarget } from './proxy-link.ts';
import { Link } from './proxy-link.ts';

export type { Direction, ProxyTarget, Verdict };

/** The connection of a chunk. */
export interface ProxyConnection {
  /** The number of the connection, from 1 in the order of acceptance. */
  readonly id: number;
}

/** How a proxy cuts connections: `reset` loses the bytes in flight, `close` ends them in order. */
export type CutMode = 'reset' | 'close';

/**
 * A TCP proxy on 127.0.0.1 that passes everything until a fault is added. Faults add up; `heal()` ends them all.
 */
export interface FaultProxy extends AsyncDisposable {
  /** The endpoint for clients, `127.0.0.1:port`. */
  readonly endpoint: string;
  /** The port on which it listens. */
  readonly port: number;
  /** The number of open connections. */
  readonly connections: number;
  /** The number of accepted connections since the start. */
  readonly accepted: number;
  /** The numbers of bytes that have passed in each direction, and that were dropped. */
  readonly bytes: {
    /** From clients to the server. */
    readonly toServer: number;
    /** From the server to clients. */
    readonly toClient: number;
    /** In both directions. */
    readonly dropped: number;
  };
  /** Called with each chunk before it passes. `'cut'` closes the connection instead. `heal()` removes it. */
  onChunk: ((direction: Direction, chunk: Buffer, connection: ProxyConnection) => Verdict) | undefined;
  /** Cuts all open connections now. New ones are served. */
  cut(mode?: CutMode): void;
  /**
   * Lets exactly this number of bytes pass in one direction, counted over all connections, then closes the connection that carried
   * the last of them; with 0, the connection that carries the next byte, which is dropped. It works once. Bytes that have passed
   * still arrive. Resolves when it happens.
   */
  cutAfter(fault: { readonly direction: Direction; readonly bytes: number }): Promise<void>;
  /** Drops all replies, for good. Requests still reach the server. */
  swallowReplies(): void;
  /** Stops all bytes in both directions. Connections, including new ones, stay open, as after a pulled cable. */
  blackhole(): void;
  /** Stops all bytes in one direction. As with `blackhole`, they wait and go on after `heal()`. */
  pause(direction: Direction): void;
  /** Refuses new connections. Open ones go on. */
  refuse(): void;
  /** Delays each chunk, in both directions, by `ms` and up to `jitterMs` more. The order stays. */
  delay(latency: { readonly ms: number; readonly jitterMs?: number }): void;
  /**
   * Ends all faults. Bytes that waited go on, late but complete, as TCP would resend them. Connections that have lost bytes are
   * reset, because their stream makes no sense any more.
   */
  heal(): Promise<void>;
  /** Resets all connections and frees the port. May be called again. */
  close(): Promise<void>;
}

/** Options of `startProxy`. */
export interface ProxyOptions {
  /** The random numbers of jitter, in [0, 1). Defaults to `Math.random`. */
  readonly random?: () => number;
}

/** Starts a {@link FaultProxy} in front of a server, which is given as `host:port`, as a URL or as its parts. */
export async function startProxy(target: ProxyTarget | string, options: ProxyOptions = {}): Promise<FaultProxy> {
  checkOptions<ProxyOptions>(options, { random: 'function' });
  const proxy = new TcpProxy(typeof target === 'string' ? parse(target) : target, options.random ?? Math.random);
  await proxy.listen();
  return proxy;
}

function parse(target: string): ProxyTarget {
  const url = new URL(target.includes('://') ? target : `tcp://${target}`);
  if (!url.port) throw new TypeError(`the target names no port: it is host:port, or a URL with a port`);
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(url.port) };
}

class TcpProxy implements FaultProxy {
  accepted = 0;
  readonly bytes = { toServer: 0, toClient: 0, dropped: 0 };
  onChunk: FaultProxy['onChunk'];
  readonly #target: ProxyTarget;
  readonly #random: () => number;
  readonly #links = new Set<Link>();
  readonly #held = new Set<Direction>();
  #server: Server | undefined;
  #port = 0;
  #holed = false;
  #swallowing = false;
  #latency = { ms: 0, jitterMs: 0 };
  #cutting: { readonly direction: Direction; remaining: number; done(): void } | undefined;
  #emptied: (() => void) | undefined;
  #closed = false;

  constructor(target: ProxyTarget, random: () => number) {
    this.#target = target;
    this.#random = random;
  }

  get port(): number {
    return this.#port;
  }

  get endpoint(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get connections(): number {
    return this.#links.size;
  }

  listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) =>
      this.#accept(socket),
    );
    this.#server = server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', () => {
        this.#port = (server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  cut(mode: CutMode = 'reset'): void {
    for (const link of this.#links) {
      if (mode === 'reset') link.reset();
      else link.finish();
    }
  }

  cutAfter({ direction, bytes }: { readonly direction: Direction; readonly bytes: number }): Promise<void> {
    return new Promise((done) => {
      this.#cutting = { direction, remaining: bytes, done };
    });
  }

  swallowReplies(): void {
    this.#swallowing = true;
  }

  blackhole(): void {
    this.#holed = true;
    this.#pump();
  }

  pause(direction: Direction): void {
    this.#held.add(direction);
    this.#pump();
  }

  refuse(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  delay({ ms, jitterMs = 0 }: { readonly ms: number; readonly jitterMs?: number }): void {
    this.#latency = { ms, jitterMs };
  }

  async heal(): Promise<void> {
    this.onChunk = undefined;
    this.#cutting = undefined;
    this.#swallowing = false;
    this.#holed = false;
    this.#held.clear();
    this.#latency = { ms: 0, jitterMs: 0 };
    for (const link of this.#links) {
      if (link.torn) link.reset();
      else link.open(this.#target);
    }
    this.#pump();
    if (!this.#server && !this.#closed) await this.listen();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.refuse();
    const empty = new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
    this.cut();
    if (this.#links.size > 0) await empty;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(socket: Socket): void {
    const link = new Link(
      ++this.accepted,
      socket,
      (owner, direction) => this.#rules(owner, direction),
      (owner) => {
        this.#links.delete(owner);
        if (this.#links.size === 0) this.#emptied?.();
      },
    );
    this.#links.add(link);
    if (this.#closed) link.reset();
    else if (!this.#holed) link.open(this.#target);
  }

  #pump(): void {
    for (const link of this.#links) link.pump();
  }

  #rules(link: Link, direction: Direction): LaneRules {
    return {
      held: () => this.#holed || this.#held.has(direction),
      latencyMs: () => this.#latency.ms + this.#random() * this.#latency.jitterMs,
      judge: (chunk) => this.#judge(link, direction, chunk),
      passed: (count) => void (this.bytes[direction] += count),
      dropped: (count) => {
        this.bytes.dropped += count;
        link.torn = true;
      },
      cut: () => link.finish(),
    };
  }

  #judge(link: Link, direction: Direction, chunk: Buffer): { pass: number; rest: Verdict } {
    const verdict = this.onChunk?.(direction, chunk, link) ?? 'pass';
    if (verdict !== 'pass') return { pass: 0, rest: verdict };
    if (this.#swallowing && direction === 'toClient') return { pass: 0, rest: 'drop' };
    const cutting = this.#cutting;
    if (cutting?.direction !== direction) return { pass: chunk.length, rest: 'pass' };
    const pass = Math.min(cutting.remaining, chunk.length);
    cutting.remaining -= pass;
    if (cutting.remaining > 0) return { pass, rest: 'pass' };
    this.#cutting = undefined;
    cutting.done();
    return { pass, rest: 'cut' };
  }
}
