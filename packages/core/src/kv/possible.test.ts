import { assert, rejects, suite } from '@etcdts/testing';
import type { CallOptions } from '../call.ts';
import { createClient } from '../client.ts';
import type { KeyValue } from '../messages.ts';
import type { Watcher, WatchOptions } from '../watch/watch.ts';
import { compare } from './compare.ts';
import type { DeleteOptions, GetOptions, KV, PagesOptions } from './kv.ts';
import { op } from './op.ts';

// The compiler is what tests here: each line that must not compile says so, and all others must compile.
const test = suite('possible options');

const { kv, watch, watcher } = createClient({ endpoints: '127.0.0.1:1' });

export function impossible(): unknown[] {
  return [
    // @ts-expect-error two forms of range
    kv.get('a', { prefix: true, fromKey: true }),
    // @ts-expect-error two forms of range
    kv.get('a', { prefix: true, rangeEnd: 'b' }),
    // @ts-expect-error two forms of range
    kv.get('a', { fromKey: true, rangeEnd: Buffer.from('b'), limit: 3 }),
    // @ts-expect-error a limit for a single key
    kv.get('a', { limit: 3 }),
    // @ts-expect-error a limit for a single key
    kv.get('a', { limit: 3, prefix: false, revision: 3n }),
    // @ts-expect-error an unknown option
    kv.get('a', { prefix: true, limmit: 3 }),
    // @ts-expect-error an unknown option
    kv.get('a', { leaseId: 3 }),
    // @ts-expect-error a wrong type
    kv.get('a', { prefix: 'true' }),
    // @ts-expect-error a wrong word
    kv.get('a', { prefix: true, sort: { by: 'key', order: 'asc' } }),
    // @ts-expect-error two forms of range
    kv.delete('a', { prefix: true, fromKey: true }),
    // @ts-expect-error an unknown option
    kv.delete('a', { prefix: true, limit: 3 }),
    // @ts-expect-error two forms of range
    kv.pages('a', { prefix: true, rangeEnd: 'b' }),
    // @ts-expect-error two forms of range
    watch('a', { prefix: true, fromKey: true }),
    // @ts-expect-error two forms of range
    watcher.watch('a', { prefix: true, rangeEnd: 'b' }),
    // @ts-expect-error an unknown option
    watch('a', { startRev: 3n }),
    // @ts-expect-error two forms of range
    op.get('a', { prefix: true, fromKey: true }),
    // @ts-expect-error a limit for a single key
    op.get('a', { limit: 1 }),
    // @ts-expect-error an option of calls
    op.get('a', { prefix: true, timeoutMs: 5 }),
    // @ts-expect-error two forms of range
    op.delete('a', { prefix: true, rangeEnd: 'b' }),
    // @ts-expect-error two forms of range
    compare.version('a', '=', 0, { prefix: true, rangeEnd: 'b' }),
    // @ts-expect-error not a form of a compare
    compare.value('a', '=', '', { fromKey: true }),
  ];
}

const all = Math.random() < 2;
const some: number | undefined = all ? 5 : undefined;
const call: CallOptions = { timeoutMs: 5 };

/** What applications write, with every way to put options together. */
export function possible(own: GetOptions, without: Omit<GetOptions, 'prefix'>, watching: WatchOptions): unknown[] {
  const literal = { prefix: true, limit: 3 };
  const built: GetOptions = {};
  if (all) built.prefix = true;
  built.limit = 3;
  const grown: DeleteOptions = { prevKv: true };
  grown.fromKey = true;
  let replaced: PagesOptions = { pageSize: 5 };
  replaced = { ...replaced, prefix: true };
  return [
    kv.get('a'),
    kv.get('a', {}),
    kv.get('a', undefined),
    kv.get('a', { prefix: true, limit: 3 }),
    kv.get('a', { rangeEnd: 'b', limit: 3, sort: { by: 'modRevision', order: 'descend' } }),
    kv.get('a', { prefix: true, fromKey: false, rangeEnd: undefined }),
    kv.get('a', { limit: 0 }),
    kv.get('a', { limit: undefined }),
    kv.get('a', { prefix: all, limit: 3 }),
    kv.get('a', { prefix: all, fromKey: !all }),
    kv.get('a', { prefix: all, rangeEnd: all ? undefined : 'b' }),
    kv.get('a', { limit: 3, ...(all && { prefix: true }) }),
    kv.get('a', { limit: 3, ...(all ? { prefix: true } : { rangeEnd: 'b' }) }),
    kv.get('a', all ? { prefix: true, limit: 3 } : { fromKey: true }),
    kv.get('a', all ? { prefix: true } : undefined),
    kv.get('a', { prefix: true, limit: some }),
    kv.get('a', literal),
    kv.get('a', { ...literal, keysOnly: true }),
    kv.get('a', { ...call, prefix: true, limit: 3 }),
    kv.get('a', own),
    kv.get('a', built),
    kv.get('a', { ...own, prefix: true }),
    kv.get('a', { prefix: true, ...own }),
    kv.get('a', { ...without, prefix: true }),
    kv.get('a', { ...own, ...call }),
    kv.get('a', { prefix: true, limit: 3 } satisfies GetOptions),
    kv.get('a', { prefix: true } as const),
    kv.delete('a', grown),
    kv.delete('a', { prefix: true, prevKv: all }),
    kv.pages('a', replaced),
    watch('a', watching),
    watch('a', { ...watching, prefix: true, startRevision: 5n }),
    watch('a', { prefix: true, filters: ['put'] }),
    op.get('a', { prefix: true, limit: 1 }),
    op.delete('a', { rangeEnd: Buffer.from('b') }),
    compare.version('a', '=', 0, { prefix: all }),
    compare.value('a', '=', '', { rangeEnd: 'b' }),
  ];
}

/** What wraps, replaces or passes on an interface. */
export const wrapped: KV = {
  ...kv,
  get: (key, options) => kv.get(key, options as GetOptions),
  delete: (key: string | Uint8Array, options?: DeleteOptions) => kv.delete(key, options),
};
export const passing = (...args: Parameters<KV['get']>): ReturnType<KV['get']> => kv.get(...args);
export const watching = (...args: Parameters<Watcher['watch']>): ReturnType<Watcher['watch']> => watch(...args);
export async function list(prefix: string, options: GetOptions = {}): Promise<readonly KeyValue[]> {
  return (await kv.get(prefix, { ...options, prefix: true })).kvs;
}

test('what the compiler cannot judge is refused when the call is made', async () => {
  const fromKey = { fromKey: all };
  await rejects(kv.get('a', { ...fromKey, prefix: all }), {
    code: 'INVALID_ARGUMENT',
    message: /fromKey cannot go with prefix: choose one form of range/,
  });
  assert.throws(() => op.get('a', { ...fromKey, rangeEnd: 'b' }), /cannot go with/);
});

test.run();
