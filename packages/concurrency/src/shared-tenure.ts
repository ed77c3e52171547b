import type { CallOptions, ResponseHeader } from '@etcdts/core';
import { checkedSignal, type CheckedSignal } from '@etcdts/core/plugin';
import { givenBack } from './errors.ts';
import type { Hold } from './lock.ts';
import type { Tenure } from './tenure.ts';

/** A tenure that several locks of one session share. The last one that is given back ends it. */
export class SharedTenure {
  readonly #tenure: Tenure;
  readonly #what: string;
  #holds = 0;

  constructor(tenure: Tenure, what: string) {
    this.#tenure = tenure;
    this.#what = what;
  }

  /** Whether a further lock may share it. */
  get open(): boolean {
    return !this.#tenure.signal.aborted;
  }

  /** Adds a share. */
  share(): Hold {
    this.#holds++;
    const held = checkedSignal({ from: [this.#tenure.signal] });
    return new Share(this.#tenure, held, async (options) => {
      held.abort(givenBack(this.#what));
      if (--this.#holds === 0) return this.#tenure.release(options);
      return this.open;
    });
  }
}

class Share implements Hold {
  readonly key: Buffer;
  readonly revision: bigint;
  readonly header: ResponseHeader;
  readonly signal: AbortSignal;
  readonly release: (options?: CallOptions) => Promise<boolean>;

  constructor({ key, revision, header }: Tenure, { signal }: CheckedSignal, release: Share['release']) {
    this.key = key;
    this.revision = revision;
    this.header = header;
    this.signal = signal;
    this.release = release;
  }
}
