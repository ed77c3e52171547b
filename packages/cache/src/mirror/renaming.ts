import { invalidArgument, toRange, type KeyRange } from '@etcdts/core/plugin';
import { placesOf } from '../ordered.ts';

/** The two ranges of a mirror, and the names of keys on its target. */
export class Renaming {
  readonly from: Buffer;
  readonly to: Buffer;
  readonly source: Required<KeyRange>;
  readonly target: Required<KeyRange>;

  constructor(from: Buffer, to: Buffer) {
    this.from = from;
    this.to = to;
    this.source = toRange(from, { prefix: true }) as Required<KeyRange>;
    this.target = toRange(to, { prefix: true }) as Required<KeyRange>;
  }

  /** The key on the target for one of the source. */
  rename(key: Buffer): Buffer {
    const renamed = Buffer.concat([this.to, key.subarray(this.from.length)]);
    if (renamed.length === 0)
      throw invalidArgument(
        'targetPrefix',
        'is empty, and the source has a key that is the prefix itself, of which nothing is left: choose a targetPrefix',
      );
    return renamed;
  }
}

/** Whether two ranges have keys in common. */
export function overlap(a: KeyRange, b: KeyRange): boolean {
  const [one, other] = [placesOf(a), placesOf(b)];
  return (other.to === undefined || one.from < other.to) && (one.to === undefined || other.from < one.to);
}
