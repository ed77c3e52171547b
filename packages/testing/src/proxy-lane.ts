import type { Socket } from 'node:net';

/** The direction of bytes: from the client to etcd, or back. */
export type Direction = 'toServer' | 'toClient';

/** The decision of a proxy on a chunk of bytes. */
export type Verdict = 'pass' | 'drop' | 'cut';

/** The rules of a lane's proxy. A lane reads them each time, so that a change takes effect at once. */
export interface LaneRules {
  /** Whether bytes wait unread. */
  held(): boolean;
  /** The delay of this chunk in milliseconds. */
  latencyMs(): number;
  /** How many of these bytes pass, and the decision on the rest. */
  judge(chunk: Buffer): { readonly pass: number; readonly rest: Verdict };
  passed(bytes: number): void;
  dropped(bytes: number): void;
  /** Ends the connection. Bytes that have passed still arrive. */
  cut(): void;
}

/** The number of bytes in flight above which the source is not read, as with a full pipe. */
const IN_FLIGHT_BYTES = 16 * 1024 * 1024;

/**
 * One direction of one proxied connection. Bytes come out in order, each after its delay, and the end of the stream after the
 * bytes.
 */
export class Lane {
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #rules: LaneRules;
  readonly #queue: { readonly chunk: Buffer | undefined; readonly due: number }[] = [];
  #queuedBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #choked = false;
  #closed = false;

  constructor(source: Socket, sink: Socket, rules: LaneRules) {
    this.#source = source;
    this.#sink = sink;
    this.#rules = rules;
    source.on('data', (chunk: Buffer) => this.#enqueue(chunk));
    source.on('end', () => this.#enqueue(undefined));
    sink.on('drain', () => {
      this.#choked = false;
      this.pump();
    });
    this.pump();
  }

  /** Passes on the bytes that may pass now. Called when the rules have changed. */
  pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#closed) return;
    while (!this.#rules.held() && !this.#choked && !this.#closed) {
      const [head] = this.#queue;
      if (head === undefined) break;
      const wait = head.due - performance.now();
      if (wait > 0) {
        // The time is rounded up, because otherwise the timer would be early and be set anew.
        this.#timer = setTimeout(() => this.pump(), Math.ceil(wait));
        break;
      }
      this.#queue.shift();
      this.#queuedBytes -= head.chunk?.length ?? 0;
      this.#forward(head.chunk);
    }
    if (this.#closed) return;
    if (this.#rules.held() || this.#queuedBytes > IN_FLIGHT_BYTES || this.#choked) this.#source.pause();
    else this.#source.resume();
  }

  /** Drops the bytes in flight. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#queue.length = 0;
  }

  #enqueue(chunk: Buffer | undefined): void {
    const last = this.#queue.at(-1)?.due ?? 0;
    const due = Math.max(last, performance.now() + this.#rules.latencyMs());
    this.#queue.push({ chunk, due });
    this.#queuedBytes += chunk?.length ?? 0;
    if (this.#timer === undefined) this.pump();
  }

  #forward(chunk: Buffer | undefined): void {
    if (chunk === undefined) {
      this.#sink.end();
      return;
    }
    const { pass, rest } = this.#rules.judge(chunk);
    if (pass > 0 && this.#sink.writable) {
      this.#choked = !this.#sink.write(chunk.subarray(0, pass));
      this.#rules.passed(pass);
    }
    if (pass < chunk.length) this.#rules.dropped(chunk.length - pass);
    if (rest === 'cut') this.#rules.cut();
  }
}
