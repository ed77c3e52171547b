import { onAbort } from '../abort.ts';
import type { CallOptions } from '../call.ts';
import type { Clock } from '../clock.ts';
import { EtcdError } from '../errors.ts';
import type { KeyValue, RangeRequest } from '../messages.ts';
import type { KVService } from './service.ts';
import { methods } from '../methods.ts';

/** Options of a call that always has a signal. */
export type SignalledOptions = CallOptions & { readonly signal: AbortSignal };

/** One RangeStream (etcd 3.7), read part by part. It has no deadline, because the reader decides the time between two parts. */
export class RangeParts {
  readonly #parts: AsyncIterator<{ readonly kvs: readonly KeyValue[] }>;
  readonly #clock: Clock;
  readonly #cut: AbortController = new AbortController();
  readonly #ignoreAbort: () => void;

  /** The signal must not be aborted yet. */
  constructor(service: KVService, request: RangeRequest, options: SignalledOptions, clock: Clock) {
    const { signal } = options;
    this.#clock = clock;
    this.#ignoreAbort = onAbort(signal, () => this.#cut.abort(signal.reason));
    const stream = service.rangeStream(request, { ...options, signal: this.#cut.signal, timeoutMs: Infinity });
    this.#parts = stream[Symbol.asyncIterator]();
  }

  /** Returns the keys of the next part; `undefined` after the last one. Ends the stream if none comes within `withinMs`. */
  async next(withinMs: number): Promise<readonly KeyValue[] | undefined> {
    const timer = this.#clock.after(withinMs, () => this.#cut.abort(silent(withinMs)), true);
    try {
      const part = await this.#parts.next();
      return part.done === true ? undefined : part.value.kvs;
    } finally {
      timer.cancel();
    }
  }

  /** Ends the stream, if it has not ended. */
  leave(): void {
    this.#ignoreAbort();
    // An iterator that waits for a part ends only after that part.
    this.#parts.return?.().catch(() => {});
    this.#cut.abort();
  }
}

function silent(ms: number): EtcdError {
  return new EtcdError({
    code: 'DEADLINE_EXCEEDED',
    message: `no part of the range came for ${Math.round(ms)} ms`,
    outcome: 'not-applied',
    method: methods.rangeStream.label,
  });
}
