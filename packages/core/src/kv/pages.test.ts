import { assert, deferred, FakeClock, rejects, settle, suite } from '@etcdts/testing';
import type { CallOptions } from '../call.ts';
import { keyValue } from '../codec/key-value.ts';
import type { EtcdErrorCode } from '../error-codes.ts';
import { EtcdError } from '../errors.ts';
import type { KeyValue, RangeRequest, RangeResponse } from '../messages.ts';
import { pages } from './pages.ts';
import type { KVService } from './service.ts';

const test = suite('kv: pages');
const header = { clusterId: 1n, memberId: 2n, revision: 7n, raftTerm: 1n };

function failure(code: EtcdErrorCode): EtcdError {
  return new EtcdError({ code, message: 'from the test', outcome: 'not-applied' });
}

/** A key value with bytes of its own, as each answer of etcd has. */
function copyOf({ key, value }: KeyValue): KeyValue {
  return keyValue({ key: Buffer.from(key), value });
}

const unavailable = failure('UNAVAILABLE');
const lagging = failure('FUTURE_REV');

/** A store with keys at revision 7 in place of etcd. `parts`: how RangeStream answers; a release without, if it is not given. */
class Store implements Partial<KVService> {
  readonly kvs: readonly KeyValue[];
  readonly asked: string[] = [];
  readonly given: CallOptions[] = [];
  parts: ((options: CallOptions) => AsyncIterable<readonly KeyValue[]>) | undefined;
  /** Called before each range; what it throws is the answer. */
  before: (request: RangeRequest, options: CallOptions) => unknown = () => {};

  constructor(count: number) {
    this.kvs = Array.from({ length: count }, (_, i) =>
      keyValue({ key: Buffer.from(`k${i}`), value: Buffer.from('v') }),
    );
  }

  async range(request: RangeRequest, options: CallOptions): Promise<RangeResponse> {
    const { serializable, countOnly, revision = 0n, limit = 0 } = request;
    this.asked.push(
      countOnly === true ? 'count' : `${String(request.key)}@${revision}${serializable === true ? '~' : ''} ${limit}`,
    );
    this.given.push(options);
    await this.before(request, options);
    const from = this.kvs.filter(({ key }) => Buffer.compare(key, request.key) >= 0);
    const kvs = countOnly === true ? [] : from.slice(0, limit || undefined);
    return { header, kvs: kvs.map(copyOf), more: kvs.length < from.length, count: this.kvs.length };
  }

  async *rangeStream(request: RangeRequest, options: CallOptions): AsyncIterable<RangeResponse> {
    this.asked.push(`stream@${request.revision}`);
    this.given.push(options);
    if (this.parts === undefined) throw failure('UNIMPLEMENTED');
    for await (const kvs of this.parts(options)) yield { header, kvs, more: false, count: 0 };
  }
}

function read(
  store: Store,
  options: CallOptions & { serializable?: boolean } = {},
  pageSize = 2,
  clock = new FakeClock(),
): AsyncIterable<RangeResponse> {
  const request = { key: Buffer.from('k'), rangeEnd: Buffer.from('l'), serializable: options.serializable };
  return pages(store as unknown as KVService, request, pageSize, { lacking: false }, options, clock);
}

function shown({ kvs, more }: RangeResponse): string {
  return kvs.map(({ key }) => key.toString()).join(' ') + (more ? ' …' : '');
}

async function all(iterable: AsyncIterable<RangeResponse>): Promise<string[]> {
  const found: string[] = [];
  for await (const page of iterable) found.push(shown(page));
  return found;
}

const FIVE = ['k0 k1 …', 'k2 k3 …', 'k4'];

/** Never answers, but ends as a stream ends that is aborted. */
function silence({ signal }: CallOptions): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
}

test('KV-08 a part of 200,000 keys is cut into pages in linear time', async () => {
  const store = new Store(200_000);
  store.parts = async function* () {
    yield store.kvs;
  };
  let keys = 0;
  for await (const { kvs } of read(store, {}, 1)) keys += kvs.length;
  assert.is(keys, 200_000);
});

test('a caller who changes a page, or the bytes of its keys, does not change where the next one begins', async () => {
  const fill = (kvs: KeyValue[]): unknown => kvs.map(({ key }) => key.fill('z'));
  const reverse = (kvs: KeyValue[]): unknown => kvs.reverse();
  for (const [change, streaming] of [[fill], [reverse], [fill, true], [reverse, true]] as const) {
    const store = new Store(5);
    if (streaming) {
      store.parts = async function* () {
        for (const kv of store.kvs) yield [copyOf(kv)];
      };
    }
    const found: string[] = [];
    for await (const page of read(store)) {
      found.push(shown(page));
      change(page.kvs as KeyValue[]);
    }
    assert.equal(found, FIVE);
  }
});

test('KV-09 a stream that breaks is gone on from: each key comes once, at the pinned revision', async () => {
  for (const before of [0, 1, 2, 3, 4, 5]) {
    const store = new Store(5);
    store.parts = async function* () {
      for (let i = 0; i < before; i++) yield store.kvs.slice(i, i + 1);
      throw unavailable;
    };
    assert.equal(await all(read(store)), FIVE, `${before} keys before the break`);
    assert.ok(store.asked.slice(2).every((one) => one.includes('@7 ')));
    assert.is(store.asked.filter((one) => one.startsWith('stream')).length, 1, 'one stream');
  }
});

test('KV-09 a page that fails after its stream has failed is a failure, as on a release without streams', async () => {
  const store = new Store(5);
  store.parts = async function* () {
    yield store.kvs.slice(0, 3);
    throw unavailable;
  };
  store.before = ({ countOnly }) => {
    if (countOnly !== true) throw failure('NO_LEADER');
  };
  const iteration = read(store)[Symbol.asyncIterator]();
  assert.is((await iteration.next()).value?.kvs.length, 2);
  await rejects(iteration.next(), { code: 'NO_LEADER' });
  assert.is((await iteration.next()).done, true);
  assert.is(store.asked.length, 3);
});

test('KV-09 a member without RangeStream may serve the rest, as while a cluster is upgraded', async () => {
  const store = new Store(5);
  store.parts = async function* () {
    yield store.kvs.slice(0, 3);
    throw failure('UNIMPLEMENTED');
  };
  assert.equal(await all(read(store)), FIVE);
});

test('KV-09 COMPACTED amid the pages comes after those before it, and has how far they came', async () => {
  for (const streams of [true, false]) {
    const store = new Store(5);
    const compacted = failure('COMPACTED');
    if (streams) {
      store.parts = async function* () {
        yield store.kvs.slice(0, 3);
        throw compacted;
      };
    } else {
      store.before = ({ key }) => {
        if (key.length > 1) throw compacted;
      };
    }
    const found: string[] = [];
    const error = await rejects(
      (async () => {
        for await (const page of read(store)) found.push(shown(page));
      })(),
      { code: 'COMPACTED' },
    );
    assert.equal(found, ['k0 k1 …']);
    assert.match((error as Error).message, /from the test; the pages before had 2 of 5 keys of revision 7$/);
  }
});

test('a serializable page that a lagging member refuses is tried on others, then read linearizably', async () => {
  const store = new Store(5);
  let behind = 0;
  store.before = ({ revision, serializable }) => {
    if (revision === 7n && serializable === true && behind-- > 0) throw lagging;
  };
  for (const [refusals, asked] of [
    [1, ['k@7~ 2', 'k@7~ 2', 'k1\0@7~ 2', 'k3\0@7~ 2']],
    [9, ['k@7~ 2', 'k@7~ 2', 'k@7~ 2', 'k@7 2', 'k1\0@7~ 2', 'k1\0@7~ 2', 'k1\0@7~ 2', 'k1\0@7 2']],
  ] as const) {
    behind = refusals;
    store.asked.length = 0;
    assert.equal(await all(read(store, { serializable: true })), FIVE);
    assert.equal(store.asked.slice(2, 2 + asked.length), asked);
  }
});

test('a member that lags behind, and one that failed the stream, is avoided for the rest of the pages', async () => {
  for (const [code, serializable] of [
    ['FUTURE_REV', true],
    ['STOPPED', false],
  ] as const) {
    const store = new Store(5);
    const failed = new EtcdError({ code, message: 'from the test', outcome: 'not-applied', endpoint: 'b:1' });
    // eslint-disable-next-line require-yield
    store.parts = async function* () {
      throw failed;
    };
    assert.equal(await all(read(store, { serializable, avoid: ['a:1'] })), FIVE);
    const avoided = store.given.map(({ avoid }) => avoid?.join());
    assert.equal(avoided, ['a:1', 'a:1', 'a:1,b:1', 'a:1,b:1', 'a:1,b:1']);
  }
  const store = new Store(5);
  const failed = new EtcdError({
    code: 'FUTURE_REV',
    message: 'from the test',
    outcome: 'not-applied',
    endpoint: 'b:1',
  });
  store.before = ({ countOnly }, { avoid = [] }) => {
    if (countOnly !== true && !avoid.includes('b:1')) throw failed;
  };
  assert.equal(await all(read(store, { serializable: true })), FIVE);
  assert.is(store.asked.length, 6);
});

test('a serializable stream that a lagging member refuses is read as ranges', async () => {
  const store = new Store(5);
  // eslint-disable-next-line require-yield
  store.parts = async function* () {
    throw lagging;
  };
  assert.equal(await all(read(store, { serializable: true })), FIVE);
});

test('FUTURE_REV of a linearizable page is the answer: the store has lost the revision', async () => {
  const store = new Store(5);
  store.before = ({ key }) => {
    if (key.length > 1) throw lagging;
  };
  await rejects(all(read(store)), { code: 'FUTURE_REV' });
});

test('timeoutMs is for each page: the time of the reader between pages is its own', async () => {
  for (const streams of [true, false]) {
    const store = new Store(5);
    const clock = new FakeClock();
    if (streams) {
      store.parts = async function* () {
        for (const kv of store.kvs) yield [copyOf(kv)];
      };
    }
    const found: string[] = [];
    for await (const page of read(store, { timeoutMs: 100 }, 2, clock)) {
      found.push(shown(page));
      await clock.advance(10_000);
    }
    assert.equal(found, FIVE);
    const limits = store.given.map(({ timeoutMs }) => timeoutMs);
    assert.equal(limits, streams ? [100, Infinity] : [100, Infinity, 100, 100, 100]);
  }
});

test('a stream that is silent for half of the deadline is given up, and a range has the other half', async () => {
  const store = new Store(5);
  const clock = new FakeClock();
  store.parts = async function* (options) {
    yield store.kvs.slice(0, 3);
    await silence(options);
  };
  const iteration = read(store, { timeoutMs: 1_000 }, 2, clock)[Symbol.asyncIterator]();
  assert.equal(shown((await iteration.next()).value as RangeResponse), 'k0 k1 …');
  await clock.advance(60_000);
  const second = iteration.next();
  await clock.advance(499);
  assert.is(store.asked.length, 2);
  await clock.advance(1);
  assert.equal(shown((await second).value as RangeResponse), 'k2 k3 …');
  assert.is(store.given.at(-1)?.timeoutMs, 500);
  assert.is(clock.timers.size, 0);
});

test('without timeoutMs a silent stream is given up after 5 s', async () => {
  const store = new Store(1);
  const clock = new FakeClock();
  // eslint-disable-next-line require-yield
  store.parts = async function* (options) {
    await silence(options);
  };
  const first = read(store, {}, 2, clock)[Symbol.asyncIterator]().next();
  await clock.advance(4_999);
  assert.is(store.asked.length, 2);
  await clock.advance(1);
  assert.is((await first).value?.kvs.length, 1);
});

test('a second reader is refused, also after the first one has ended', async () => {
  const iterable = read(new Store(1));
  assert.equal(await all(iterable), ['k0']);
  assert.throws(
    () => iterable[Symbol.asyncIterator](),
    (error: EtcdError) => error.code === 'FAILED_PRECONDITION' && /call pages\(\) once for each/.test(error.message),
  );
});

test('nothing is asked before the first page, and nothing more once an iteration is left', async () => {
  const store = new Store(5);
  let left = false;
  store.parts = async function* () {
    try {
      for (const kv of store.kvs) yield [kv];
    } finally {
      left = true;
    }
  };
  const iterable = read(store);
  await settle();
  assert.equal(store.asked, []);
  for await (const page of iterable) {
    assert.is(page.kvs.length, 2);
    break;
  }
  assert.ok(left);
  assert.equal(store.asked, ['count', 'stream@7']);
});

test('leaving an iteration that waits for a page ends it at once, and its call', async () => {
  for (const streams of [true, false]) {
    const store = new Store(5);
    const ended = deferred();
    const waiting = (options: CallOptions): Promise<never> => silence(options).finally(() => ended.resolve());
    // eslint-disable-next-line require-yield
    store.parts = streams
      ? (options) =>
          (async function* () {
            await waiting(options);
          })()
      : undefined;
    store.before = ({ countOnly }, options) => (countOnly === true ? undefined : waiting(options));
    const iteration = read(store)[Symbol.asyncIterator]();
    const page = iteration.next();
    await settle();
    await iteration.return?.();
    assert.equal(await page, { value: undefined, done: true });
    await ended.promise;
  }
});

test('an abort rejects with its own reason, amid a page and between two', async () => {
  for (const streams of [true, false]) {
    const store = new Store(5);
    if (streams) {
      store.parts = async function* () {
        yield store.kvs;
      };
    }
    const between = new AbortController();
    const iteration = read(store, { signal: between.signal })[Symbol.asyncIterator]();
    await iteration.next();
    between.abort('enough');
    await rejects(iteration.next(), (reason) => reason === 'enough');

    const amid = new AbortController();
    const waiting = new Store(5);
    waiting.before = (_, options) => silence(options);
    const page = read(waiting, { signal: amid.signal })[Symbol.asyncIterator]().next();
    await settle();
    amid.abort('enough');
    await rejects(page, (reason) => reason === 'enough');
  }
});

test.run();
