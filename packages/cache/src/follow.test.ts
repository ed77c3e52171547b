import {
  createClient,
  EtcdError,
  type EtcdOperations,
  type ResponseHeader,
  type WatchResponse,
  type WatchStream,
} from '@etcdts/core';
import { keyValue, wrapClient, type RangeRequest, type WatchCreateRequest } from '@etcdts/core/plugin';
import { assert, rejects, suite } from '@etcdts/testing';
import { follow } from './follow.ts';

const test = suite('follow on a fake etcd');
const header = (revision: bigint, clusterId = 7n): ResponseHeader => ({
  clusterId,
  memberId: 1n,
  revision,
  raftTerm: 1n,
});
const failure = (code: 'COMPACTED' | 'UNAVAILABLE'): EtcdError =>
  new EtcdError({ code, message: 'made by the test', outcome: 'not-applied' });

/** A client whose ranges have ten keys, and fail as the test decides. */
class FakeEtcd {
  readonly limits: number[] = [];
  readonly watches: WatchCreateRequest[] = [];
  lines: string[] = [];
  created = header(10n);
  fails: (page: number) => EtcdError | undefined = () => undefined;
  #pages = 0;

  readonly client: EtcdOperations = wrapClient(
    createClient({
      endpoints: '127.0.0.1:1',
      logger: { debug() {}, info() {}, error() {}, warn: (message) => void this.lines.push(message) },
    }),
    {
      kv: (next) => ({
        ...next,
        range: (request) => this.#range(request),
        // eslint-disable-next-line require-yield
        async *rangeStream() {
          throw new EtcdError({ code: 'UNIMPLEMENTED', message: 'an older etcd', outcome: 'not-applied' });
        },
      }),
      watch: (next) => ({ ...next, watch: (request) => this.#watch(request) }),
    },
  );

  async #range({ countOnly, limit = 0, key }: RangeRequest): Promise<Awaited<ReturnType<EtcdOperations['kv']['get']>>> {
    if (countOnly === true) return { header: header(10n), kvs: [], more: false, count: 10 };
    const error = this.fails(++this.#pages);
    if (error !== undefined) throw error;
    this.limits.push(limit);
    const from = Number(key.toString().slice(1, 2)) + (key.length > 2 ? 1 : 0);
    const names = Array.from({ length: 10 }, (_, i) => i).filter((i) => i >= from);
    const kvs = names.slice(0, limit).map((i) => keyValue({ key: Buffer.from(`k${i}`), modRevision: 5n }));
    return { header: header(10n), kvs, more: names.length > limit, count: 10 };
  }

  #watch(request: WatchCreateRequest): WatchStream {
    this.watches.push(request);
    let end: (() => void) | undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const cancel = async (): Promise<void> => end?.();
    return {
      created: Promise.resolve(this.created),
      async *[Symbol.asyncIterator](): AsyncGenerator<WatchResponse> {
        await ended;
      },
      events: () => assert.unreachable() as never,
      cancel,
      [Symbol.asyncDispose]: cancel,
    };
  }
}

test('FO-03 after three bases that were overtaken by compactions there is a warning, and pages are larger', async () => {
  const etcd = new FakeEtcd();
  // Each base fails at its second page, but the fifth.
  etcd.fails = (page) => (page % 2 === 0 && page <= 8 ? failure('COMPACTED') : undefined);
  const following = follow(etcd.client, 'k', { prefix: true, pageSize: 1 });
  const types: string[] = [];
  for await (const { type } of following) {
    types.push(type);
    if (type === 'synced') break;
  }
  assert.is(types.filter((type) => type === 'restart').length, 4);
  assert.is(etcd.lines.length, 2);
  assert.match(etcd.lines[0] ?? '', /compacted 3 times before it was read whole; its pages have 4 keys now/);
  assert.ok(Math.max(...etcd.limits) > 4, String(etcd.limits));
});

test('FO-05 a page that fails in passing is read again from where it was, and nothing comes twice', async () => {
  const etcd = new FakeEtcd();
  etcd.fails = (page) => (page === 2 || page === 4 ? failure('UNAVAILABLE') : undefined);
  const keys: string[] = [];
  for await (const change of follow(etcd.client, 'k', { prefix: true, pageSize: 3 })) {
    if (change.type === 'page') for (const { key } of change.kvs) keys.push(key.toString());
    if (change.type === 'synced') break;
  }
  assert.is(keys.join(' '), 'k0 k1 k2 k3 k4 k5 k6 k7 k8 k9');
  assert.is(etcd.watches.length, 0, 'the watch waits for the reader of the base');
});

test('FO-03 a watch on another cluster than the base restarts it', async () => {
  const etcd = new FakeEtcd();
  etcd.created = header(50n, 8n);
  const types: string[] = [];
  for await (const change of follow(etcd.client, 'k', { prefix: true })) {
    types.push(change.type);
    if (change.type !== 'restart') continue;
    assert.is(change.reason.code, 'CLUSTER_RESET');
    break;
  }
  assert.equal(types, ['page', 'synced', 'restart']);
  assert.is(etcd.watches[0]?.startRevision, 11n);
});

test('FO-05 a verdict is thrown', async () => {
  const etcd = new FakeEtcd();
  const verdict = new EtcdError({ code: 'PERMISSION_DENIED', message: 'no', outcome: 'not-applied' });
  etcd.fails = () => verdict;
  await rejects(follow(etcd.client, 'k', { prefix: true })[Symbol.asyncIterator]().next(), {
    code: 'PERMISSION_DENIED',
  });
});

test.run();
