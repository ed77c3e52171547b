// What compiles and what does not, for each compiler: the lines marked so must not.
import { compare, createClient, op, type DeleteOptions, type GetOptions, type KV } from '@etcdts/core';

const { kv, watch } = createClient({ endpoints: '127.0.0.1:1' });

export function impossible(): unknown[] {
  return [
    // @ts-expect-error two forms of range
    kv.get('a', { prefix: true, fromKey: true }),
    // @ts-expect-error two forms of range
    kv.get('a', { prefix: true, rangeEnd: 'b' }),
    // @ts-expect-error a limit for a single key
    kv.get('a', { limit: 3 }),
    // @ts-expect-error an unknown option
    kv.get('a', { prefix: true, limmit: 3 }),
    // @ts-expect-error two forms of range
    kv.delete('a', { prefix: true, fromKey: true }),
    // @ts-expect-error two forms of range
    watch('a', { prefix: true, rangeEnd: 'b' }),
    // @ts-expect-error two forms of range
    op.get('a', { prefix: true, fromKey: true }),
    // @ts-expect-error two forms of range
    compare.version('a', '=', 0, { prefix: true, rangeEnd: 'b' }),
    // @ts-expect-error an unknown option
    kv.put('a', 'b', { leaseId: 5n }),
    // @ts-expect-error an unknown branch
    kv.txn({ thn: [] }),
  ];
}

export function possible(all: boolean, options: GetOptions, others: DeleteOptions): unknown[] {
  const literal = { prefix: true, limit: 3 };
  const built: GetOptions = {};
  if (all) built.prefix = true;
  built.limit = 3;
  return [
    kv.get('a', { prefix: all, limit: 3 }),
    kv.get('a', { limit: 3, ...(all && { prefix: true }) }),
    kv.get('a', all ? { prefix: true, limit: 3 } : { fromKey: true }),
    kv.get('a', literal),
    kv.get('a', built),
    kv.get('a', { ...options, prefix: true }),
    kv.get('a', { prefix: true, signal: new AbortController().signal }),
    kv.delete('a', { ...others, prefix: true }),
    watch('a', { prefix: true, filters: ['put'] }),
  ];
}

export const passing = (...args: Parameters<KV['get']>): ReturnType<KV['get']> => kv.get(...args);
