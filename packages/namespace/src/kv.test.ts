import { EtcdError } from '@etcdts/core';
import { keyValue } from '@etcdts/core/plugin';
import type { KeyValue, ResponseHeader } from '@etcdts/core';
import type { KVService, PutRequest, RangeRequest, RangeResponse } from '@etcdts/core/plugin';
import { assert, rejects, suite } from '@etcdts/testing';
import { scopeKV } from './kv.ts';
import { LeaseRegistry } from './lease-registry.ts';
import { Scope } from './range.ts';

const test = suite('namespace: kv');
const header: ResponseHeader = { clusterId: 1n, memberId: 2n, revision: 3n, raftTerm: 4n };
const b = (text: string): Buffer => Buffer.from(text);
const notCalled = (): never => {
  throw new Error('etcd is not asked');
};

/** KV behind `app/` over a fake etcd; lease 7 is its own. */
function scoped(fake: Partial<KVService>, allowCompact = false): KVService {
  const nothing = { range: notCalled, rangeStream: notCalled, put: notCalled, deleteRange: notCalled };
  const etcd: KVService = { ...nothing, txn: notCalled, compact: notCalled, ...fake };
  return scopeKV(etcd, new Scope(b('app/')), new LeaseRegistry(() => 0, false, [7n]), allowCompact);
}

function kv(key: string, value = 'v'): KeyValue {
  return keyValue({ key: b(key), value: b(value), createRevision: 1n, modRevision: 2n, version: 1 });
}

const ranged = (...keys: string[]): RangeResponse => ({
  header,
  kvs: keys.map((key) => kv(key)),
  more: true,
  count: 9,
});
const keys = (kvs: readonly KeyValue[]): string[] => kvs.map(({ key }) => key.toString());

test('get sends the key behind the prefix and cuts what comes back', async () => {
  const sent: RangeRequest[] = [];
  const service = scoped({ range: async (request) => (sent.push(request), ranged('app/a', 'app/b')) });
  const response = await service.range({ key: b('a'), rangeEnd: b('c'), limit: 2, revision: 5n, keysOnly: true }, {});
  assert.equal(sent, [{ key: b('app/a'), rangeEnd: b('app/c'), limit: 2, revision: 5n, keysOnly: true }]);
  assert.equal(keys(response.kvs), ['a', 'b']);
  assert.is(response.kvs[0]?.text(), 'v');
  assert.is(response.kvs[0]?.modRevision, 2n);
  assert.equal([response.header, response.more, response.count], [header, true, 9]);
});

test('fields that a response keeps on its prototype come through', async () => {
  const lazy = Object.create(ranged('app/a')) as RangeResponse;
  const response = await scoped({ range: async () => lazy }).range({ key: b('a') }, {});
  assert.equal([response.header, response.more, response.count, keys(response.kvs)], [header, true, 9, ['a']]);
});

test('call options pass through', async () => {
  const options = { timeoutMs: 5 };
  await scoped({ range: async (_, got) => (assert.is(got, options), ranged()) }).range({ key: b('a') }, options);
});

test('KV-11 a streamed range is scoped in both directions (NS-09)', async () => {
  async function* rangeStream(request: RangeRequest): AsyncGenerator<RangeResponse> {
    assert.equal(request, { key: b('app/\0'), rangeEnd: b('app0') });
    yield ranged('app/a');
    yield ranged('app/b');
    yield ranged('apq/c');
  }
  const seen: string[] = [];
  const parts = scoped({ rangeStream }).rangeStream({ key: b('\0'), rangeEnd: b('\0') }, {});
  const error = await rejects<EtcdError>(async () => {
    for await (const part of parts) seen.push(...keys(part.kvs));
  });
  assert.equal(seen, ['a', 'b']);
  assert.equal([error.code, error.method, error.outcome], ['NAMESPACE_VIOLATION', 'KV.RangeStream', 'not-applied']);
});

test('leaving a streamed range ends the one beneath', async () => {
  let ended = false;
  async function* rangeStream(): AsyncGenerator<RangeResponse> {
    try {
      for (;;) yield ranged('app/a');
    } finally {
      ended = true;
    }
  }
  for await (const _ of scoped({ rangeStream }).rangeStream({ key: b('a') }, {})) break;
  assert.ok(ended);
});

test('put is scoped, its previous key value too', async () => {
  const sent: PutRequest[] = [];
  const service = scoped({ put: async (request) => (sent.push(request), { header, prevKv: kv('app/k', 'old') }) });
  const response = await service.put({ key: b('k'), value: b('new'), lease: 7n, prevKv: true }, {});
  assert.equal(sent, [{ key: b('app/k'), value: b('new'), lease: 7n, prevKv: true }]);
  assert.equal([response.prevKv?.key.toString(), response.prevKv?.text()], ['k', 'old']);
});

test('put without a previous key value has no such field', async () => {
  const response = await scoped({ put: async () => ({ header }) }).put({ key: b('k'), value: b('') }, {});
  assert.equal(response, { header });
});

test('put does not attach a key to a foreign lease, nor does one in a transaction', async () => {
  const put: PutRequest = { key: b('k'), value: b('v'), lease: 8n };
  const nested = { compare: [], success: [], failure: [{ type: 'put', request: put } as const] };
  for (const call of [
    () => scoped({}).put(put, {}),
    () => scoped({}).txn({ compare: [], success: [{ type: 'put', request: put }], failure: [] }, {}),
    () => scoped({}).txn({ compare: [], success: [{ type: 'txn', request: nested }], failure: [] }, {}),
  ]) {
    await rejects(call, { code: 'NAMESPACE_VIOLATION', outcome: 'not-applied', attempts: 0 });
  }
});

test('put checks the lease that it sends, whatever a getter said before', async () => {
  for (const answers of [
    [7n, 8n],
    [0n, 8n],
    [undefined, 8n],
  ]) {
    const sent: PutRequest[] = [];
    const service = scoped({ put: async (request) => (sent.push(request), { header }) });
    let asked = 0;
    const shifty = {
      key: b('k'),
      value: b('v'),
      get lease() {
        return answers[Math.min(asked++, 1)];
      },
    };
    await service.put(shifty, {});
    assert.is(sent[0]?.lease, answers[0]);
  }
});

test('put takes lease 0, which is none', async () => {
  await scoped({ put: async () => ({ header }) }).put({ key: b('k'), value: b('v'), lease: 0n }, {});
});

test('delete is scoped, its previous key values too', async () => {
  const service = scoped({
    deleteRange: async (request) => {
      assert.equal(request, { key: b('app/a'), rangeEnd: b('app0'), prevKv: true });
      return { header, deleted: 2, prevKvs: [kv('app/a'), kv('app/b')] };
    },
  });
  const response = await service.deleteRange({ key: b('a'), rangeEnd: b('\0'), prevKv: true }, {});
  assert.equal([response.deleted, keys(response.prevKvs)], [2, ['a', 'b']]);
});

test('an empty key is refused before anything is sent (NS-01)', async () => {
  const empty = { key: b(''), value: b('') };
  const service = scoped({});
  const ops = [{ type: 'get', request: empty }] as const;
  for (const call of [
    () => service.range(empty, {}),
    () => service.put(empty, {}),
    () => service.deleteRange(empty, {}),
    () => service.txn({ compare: [], success: ops, failure: [] }, {}),
    () => service.rangeStream(empty, {})[Symbol.asyncIterator]().next(),
  ]) {
    await rejects(call, { code: 'EMPTY_KEY', argument: 'key' });
  }
});

test('a foreign key in an answer fails the call; a write may have been applied', async () => {
  const service = scoped({
    range: async () => ranged('app/a', 'other'),
    put: async () => ({ header, prevKv: kv('app/') }),
    deleteRange: async () => ({ header, deleted: 1, prevKvs: [kv('ap')] }),
  });
  const read = { code: 'NAMESPACE_VIOLATION', outcome: 'not-applied', attempts: 1 };
  const written = { code: 'NAMESPACE_VIOLATION', outcome: 'unknown', attempts: 1 };
  await rejects(service.range({ key: b('a') }, {}), { ...read, method: 'KV.Range' });
  await rejects(service.put({ key: b('a'), value: b('') }, {}), { ...written, method: 'KV.Put' });
  await rejects(service.deleteRange({ key: b('a') }, {}), { ...written, method: 'KV.DeleteRange' });
});

test('compact is refused unless it is allowed', async () => {
  await rejects(scoped({}).compact({ revision: 5n }, {}), { code: 'NAMESPACE_VIOLATION', outcome: 'not-applied' });
  const allowed = scoped({ compact: async (request) => (assert.equal(request, { revision: 5n }), { header }) }, true);
  assert.equal(await allowed.compact({ revision: 5n }, {}), { header });
});

test("etcd's errors pass through as they are", async () => {
  const failure = new EtcdError({ code: 'COMPACTED', message: 'gone', outcome: 'not-applied' });
  const error = await rejects(scoped({ range: async () => Promise.reject(failure) }).range({ key: b('a') }, {}));
  assert.is(error, failure);
});

test('a namespace in a namespace puts the outer prefix first', async () => {
  const inner = scopeKV(
    scoped({
      range: async (request) => {
        assert.equal(request, { key: b('app/in:a'), rangeEnd: b('app/in;') });
        return ranged('app/in:a');
      },
    }),
    new Scope(b('in:')),
    new LeaseRegistry(() => 0, false, []),
    false,
  );
  assert.equal(keys((await inner.range({ key: b('a'), rangeEnd: b('\0') }, {})).kvs), ['a']);
});

test.run();
