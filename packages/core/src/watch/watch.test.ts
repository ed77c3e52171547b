import { assert, suite } from '@etcdts/testing';
import type { WatchCreateRequest } from '../messages.ts';
import type { WatchService, WatchServiceOptions } from './service.ts';
import { WatcherFacade, type WatchOptions } from './watch.ts';

const test = suite('WatcherFacade');

function asked(
  key: string | Uint8Array,
  options?: WatchOptions,
): { request: WatchCreateRequest; options: WatchServiceOptions } {
  let seen: { request: WatchCreateRequest; options: WatchServiceOptions } | undefined;
  const service = {
    watch: (request: WatchCreateRequest, given: WatchServiceOptions) => void (seen = { request, options: given }),
  };
  new WatcherFacade(service as unknown as WatchService).watch(key, options);
  return seen!;
}

test('a key alone is watched from now on', () => {
  const { request, options } = asked('k');
  assert.is(String(request.key), 'k');
  assert.is(request.rangeEnd, undefined);
  assert.is(request.startRevision, 0n);
  assert.equal(options, {});
});

test('W-10: range forms become range ends', () => {
  assert.is(String(asked('a/', { prefix: true }).request.rangeEnd), 'a0');
  assert.equal(asked('a', { fromKey: true }).request.rangeEnd, Buffer.from([0]));
  assert.is(String(asked('a', { rangeEnd: 'c' }).request.rangeEnd), 'c');
  assert.equal(asked('', { prefix: true }).request.key, Buffer.from([0]));
});

test('request options go into the request, call options past it', () => {
  const { signal } = new AbortController();
  const { request, options } = asked('k', {
    startRevision: 5,
    prevKv: true,
    progressNotify: true,
    filters: ['put', 'delete'],
    fragment: true,
    createdNotify: true,
    maxBufferedBytes: 9,
    signal,
    timeoutMs: 3,
    requireLeader: false,
    metadata: { a: 'b' },
  });
  const { key: _key, rangeEnd: _rangeEnd, ...rest } = request;
  assert.equal(rest, {
    startRevision: 5n,
    prevKv: true,
    progressNotify: true,
    filters: ['put', 'delete'],
    fragment: true,
  });
  assert.equal(Object.keys(options).toSorted(), [
    'createdNotify',
    'maxBufferedBytes',
    'metadata',
    'requireLeader',
    'signal',
    'timeoutMs',
  ]);
});

test('the caller’s key and filters are copied', () => {
  const key = Buffer.from('k');
  const filters: ('put' | 'delete')[] = ['put'];
  const { request } = asked(key, { filters });
  key[0] = 0;
  filters.push('delete');
  assert.is(String(request.key), 'k');
  assert.equal(request.filters, ['put']);
});

for (const [argument, key, options] of [
  ['key', '', {}],
  ['key', 'sentinel-\ud800', {}],
  ['fromKey', 'a', { prefix: true, fromKey: true }],
  ['rangeEnd', 'b', { rangeEnd: 'a' }],
  ['startRevision', 'a', { startRevision: -1 }],
  ['startRevision', 'a', { startRevision: 1.5 }],
  ['filters', 'a', { filters: ['puts'] as never }],
  ['maxBufferedBytes', 'a', { maxBufferedBytes: 0 }],
  ['timeoutMs', 'a', { timeoutMs: Number.NaN }],
  ['stream', 'a', { stream: '' }],
  ['stream', 'a', { stream: 5 as never }],
] as const) {
  test(`W-23 H21: a bad ${argument} (${JSON.stringify({ key, ...options })}) is refused by its name`, () => {
    try {
      asked(key, options);
    } catch (error) {
      assert.is((error as { argument: string }).argument, argument);
      return;
    }
    assert.unreachable();
  });
}

test.run();
