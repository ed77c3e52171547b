import type { Interceptor, Method, UnaryHandler } from '@etcdts/core/plugin';

declare module '@etcdts/core' {
  interface CallOptions {
    /** On whose behalf: for the journal. */
    actor?: string | undefined;
  }
}

/** Where the application says what happened. */
export interface Journal {
  write(line: string): void;
}

/** The time, which tests set. */
export interface Clock {
  now(): number;
}

/** An interceptor that tells a journal who wrote, how it went and how long it took; reads pass it by. */
export class Audit implements Interceptor {
  readonly name = 'audit';
  readonly options = ['actor'] as const;
  readonly #journal: Journal;
  readonly #clock: Clock;

  constructor(journal: Journal, clock: Clock) {
    this.#journal = journal;
    this.#clock = clock;
  }

  unary(next: UnaryHandler, method: Method): UnaryHandler {
    if (method.safety === 'read') return next;
    return async (call) => {
      const started = this.#clock.now();
      let ending = 'failed';
      try {
        const response = await next(call);
        ending = 'done';
        return response;
      } finally {
        const took = (this.#clock.now() - started).toFixed(1);
        this.#journal.write(`${call.options.actor ?? 'nobody'}: ${method.name} ${ending} after ${took} ms`);
      }
    };
  }
}
