import type { CallOptions, ResponseHeader } from '@etcdts/core';
import { checkedSignal } from '@etcdts/core/plugin';
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
    const { signal, abort } = checkedSignal({ from: [this.#tenure.signal] });
    const release = (options?: CallOptions): Promise<boolean> => {
      if (this.#holds === 1) {
        const released = this.#tenure.release(options);
        this.#holds = 0;
        return released;
      }
      this.#tenure.checkOptions(options);
      abort(givenBack(this.#what));
      this.#holds--;
      return Promise.resolve(this.open);
    };
    return new Share(this.#tenure, signal, release);
  }
}

class Share implements Hold {
  readonly key: Buffer;
  readonly revision: bigint;
  readonly header: ResponseHeader;
  readonly signal: AbortSignal;
  readonly release: Hold['release'];

  constructor({ key, revision, header }: Tenure, signal: AbortSignal, release: Hold['release']) {
    this.key = key;
    this.revision = revision;
    this.header = header;
    this.signal = signal;
    this.release = release;
  }
}
