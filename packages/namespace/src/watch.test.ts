import { keyValue, watchEvent } from '@etcdts/core/plugin';
import type { KeyValue, ResponseHeader, WatchEvent, WatchResponse } from '@etcdts/core';
import type { WatchCreateRequest } from '@etcdts/core/plugin';
import type { WatchStream } from '@etcdts/core';
import type { WatchService, WatchServiceOptions } from '@etcdts/core/plugin';
import { assert, rejects, suite } from '@etcdts/testing';
import { Scope } from './range.ts';
import { scopeWatch } from './watch.ts';

const test = suite('namespace: watch');
const header: ResponseHeader = { clusterId: 1n, memberId: 2n, revision: 3n, raftTerm: 4n };
const b = (text: string): Buffer => Buffer.from(text);
const kv = (key: string, createRevision: bigint): KeyValue =>
  keyValue({ key: b(key), createRevision, modRevision: 3n });
const put = (key: string, before?: string): WatchEvent =>
  watchEvent({
    type: 'put',
    kv: kv(key, before === undefined ? 3n : 2n),
    prevKv: before === undefined ? undefined : kv(before, 2n),
  });
const batch = (...events: WatchEvent[]): WatchResponse => ({ header, events, created: false, progressNotify: false });

/** One watch of a fake etcd: what it was asked, and how often it was cancelled. */
class FakeStream implements WatchStream {
  readonly created: Promise<ResponseHeader> = Promise.resolve(header);
  readonly request: WatchCreateRequest;
  readonly options: WatchServiceOptions;
  readonly #responses: WatchResponse[];
  cancels = 0;
  disposals = 0;

  constructor(request: WatchCreateRequest, options: WatchServiceOptions, responses: WatchResponse[]) {
    this.request = request;
    this.options = options;
    this.#responses = [...responses];
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WatchResponse> {
    while (this.cancels === 0 && this.#responses.length > 0) yield this.#responses.shift() as WatchResponse;
  }

  async *events(): AsyncGenerator<WatchEvent> {
    for await (const response of this) yield* response.events;
  }

  async cancel(): Promise<void> {
    this.cancels++;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposals++;
  }
}

/** Watches `request` behind `app/`; the fake etcd sends `responses`. */
function watch(request: WatchCreateRequest, ...responses: WatchResponse[]): [WatchStream, FakeStream] {
  let fake: FakeStream | undefined;
  const service = scopeWatch(
    {
      watch: (sent, options) => (fake = new FakeStream(sent, options, responses)),
      requestProgress: async () => {},
    },
    new Scope(b('app/')),
  );
  return [service.watch(request, { createdNotify: true }), fake as never];
}

test('the range is behind the prefix, everything else as it was', () => {
  const rest = { startRevision: 7n, progressNotify: true, filters: ['put'] as const, prevKv: true, fragment: true };
  const [, single] = watch({ key: b('k'), ...rest });
  assert.equal(single.request, { key: b('app/k'), ...rest });
  assert.equal(single.options, { createdNotify: true });
  assert.equal(watch({ key: b('a'), rangeEnd: b('c') })[1].request, { key: b('app/a'), rangeEnd: b('app/c') });
  assert.equal(watch({ key: b('a'), rangeEnd: b('\0') })[1].request, { key: b('app/a'), rangeEnd: b('app0') });
});

test('an empty key with a range starts at the first key, without the bare prefix (W-10, NS-04)', () => {
  assert.equal(watch({ key: b(''), rangeEnd: b('\0') })[1].request, { key: b('app/\0'), rangeEnd: b('app0') });
  assert.equal(watch({ key: b(''), rangeEnd: b('c') })[1].request, { key: b('app/\0'), rangeEnd: b('app/c') });
});

test('an empty key alone is refused, not turned into the bare prefix (NS-07)', async () => {
  await rejects(async () => watch({ key: b('') }), { code: 'EMPTY_KEY' });
  await rejects(async () => watch({ key: b(''), rangeEnd: b('') }), { code: 'EMPTY_KEY' });
});

test('events come with their keys and previous keys cut (NS-06)', async () => {
  const [stream] = watch({ key: b('a') }, batch(put('app/a'), put('app/b', 'app/b')), batch(put('app/c')));
  const seen: string[] = [];
  for await (const { events, header: own } of stream) {
    assert.is(own, header);
    for (const { kv, prevKv, isCreate, isModify } of events) {
      seen.push(`${kv.key.toString()} ${prevKv?.key.toString()} ${isCreate} ${isModify} ${kv.modRevision}`);
    }
  }
  assert.equal(seen, ['a undefined true false 3', 'b b false true 3', 'c undefined true false 3']);
});

test('single events come with their keys cut', async () => {
  const [stream] = watch({ key: b('a') }, batch(put('app/a'), put('app/b')), batch(put('app/c')));
  const seen: string[] = [];
  for await (const event of stream.events()) seen.push(event.kv.key.toString());
  assert.equal(seen, ['a', 'b', 'c']);
});

test('notices without events pass as they are', async () => {
  const notice: WatchResponse = { header, events: [], created: true, progressNotify: false };
  const [stream] = watch({ key: b('a') }, notice);
  for await (const response of stream) assert.is(response, notice);
});

test('a foreign key ends the watch with an error, in whatever place it comes', async () => {
  for (const bad of [put('apple/a'), put('app/'), put('app/a', 'other')]) {
    for (const flat of [false, true]) {
      const [stream, fake] = watch({ key: b('a') }, batch(put('app/a')), batch(put('app/b'), bad), batch(put('app/c')));
      let items = 0;
      const error = await rejects<Error>(
        async () => {
          for await (const _ of flat ? stream.events() : stream) items++;
        },
        { code: 'NAMESPACE_VIOLATION', method: 'Watch.Watch', outcome: 'not-applied' },
      );
      assert.not.match(error.message, /app|other/);
      assert.is(items, flat ? 2 : 1);
      assert.ok(fake.cancels > 0);
    }
  }
});

test('leaving an iteration cancels the watch', async () => {
  const [stream, fake] = watch({ key: b('a') }, batch(put('app/a')), batch(put('app/b')));
  for await (const _ of stream) break;
  assert.is(fake.cancels, 1);
  const [other, otherFake] = watch({ key: b('a') }, batch(put('app/a'), put('app/b')));
  for await (const _ of other.events()) break;
  assert.is(otherFake.cancels, 1);
});

test('created, cancel and disposal are those of the watch beneath', async () => {
  const [stream, fake] = watch({ key: b('a') });
  assert.is(stream.created, fake.created);
  await stream.cancel();
  await stream[Symbol.asyncDispose]();
  assert.equal([fake.cancels, fake.disposals], [1, 1]);
});

test('requestProgress passes through', async () => {
  const asked: unknown[] = [];
  const etcd = { requestProgress: async (options: unknown) => void asked.push(options) } as unknown as WatchService;
  const options = { requireLeader: false };
  await scopeWatch(etcd, new Scope(b('app/'))).requestProgress(options);
  assert.equal(asked, [options]);
});

test('a namespace in a namespace puts the outer prefix first and cuts both', async () => {
  let sent: WatchCreateRequest | undefined;
  const etcd: WatchService = {
    watch: (request, options) => new FakeStream((sent = request), options, [batch(put('app/in:a', 'app/in:a'))]),
    requestProgress: async () => {},
  };
  const inner = scopeWatch(scopeWatch(etcd, new Scope(b('app/'))), new Scope(b('in:')));
  for await (const { kv, prevKv } of inner.watch({ key: b(''), rangeEnd: b('\0') }, {}).events()) {
    assert.equal([kv.key, prevKv?.key], [b('a'), b('a')]);
  }
  assert.equal(sent, { key: b('app/in:\0'), rangeEnd: b('app/in;') });
});

test.run();
