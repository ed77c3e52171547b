import type { RequestOp } from '../messages.ts';
import { verdict } from '../status.ts';
import { toKey, type Key } from '../store/range.ts';

/** The writes of one branch, including nested ones. */
interface Writes {
  readonly puts: ReadonlySet<Key>;
  readonly deletes: readonly Deleted[];
}

/** A deleted interval. A delete of everything from a key on never overlaps: etcd checks its end as the key "\0". */
interface Deleted {
  readonly from: Key;
  readonly to: Key;
}

/**
 * Refuses a branch that writes a key twice: by two puts, or by a put inside a deleted range. The two branches of a nested
 * transaction exclude each other. The order of the checks is etcd's, which misses some overlaps of nested transactions.
 */
export function checkOverlaps(operations: readonly RequestOp[]): void {
  writesOf(operations);
}

function writesOf(operations: readonly RequestOp[]): Writes {
  const deletes = operations.flatMap(({ requestDeleteRange }) =>
    requestDeleteRange ? [deletedBy(requestDeleteRange)] : [],
  );
  const puts = new Set<Key>();
  const add = (key: Key, excluded?: ReadonlySet<Key>): void => {
    if (puts.has(key) && !excluded?.has(key)) throw verdict('DUPLICATE_KEY');
    if (deletes.some(({ from, to }) => key >= from && key < to)) throw verdict('DUPLICATE_KEY');
    puts.add(key);
  };
  for (const { requestTxn } of operations) {
    if (!requestTxn) continue;
    const then = writesOf(requestTxn.success);
    const otherwise = writesOf(requestTxn.failure);
    for (const key of then.puts) add(key);
    for (const key of otherwise.puts) add(key, then.puts);
    deletes.push(...then.deletes, ...otherwise.deletes);
  }
  for (const { requestPut } of operations) if (requestPut) add(toKey(requestPut.key));
  return { puts, deletes };
}

function deletedBy({ key, rangeEnd }: { readonly key: Buffer; readonly rangeEnd: Buffer }): Deleted {
  const from = toKey(key);
  return { from, to: rangeEnd.length === 0 ? `${from}\0` : toKey(rangeEnd) };
}
