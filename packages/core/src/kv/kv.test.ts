import { assert, rejects, suite } from '@etcdts/testing';
import { keyValue } from '../codec/key-value.ts';
import { EtcdError } from '../errors.ts';
import type { PutRequest, RangeRequest, RangeResponse, ResponseHeader, ResponseOp, TxnRequest } from '../messages.ts';
import { compare } from './compare.ts';
import { KVFacade } from './kv.ts';
import { op } from './op.ts';
import type { KVService } from './service.ts';

const test = suite('kv: facade');
const header: ResponseHeader = { clusterId: 1n, memberId: 2n, revision: 7n, raftTerm: 1n };

/** A service that answers by a function and keeps what it was asked. */
function facade(service: Partial<KVService>): KVFacade {
  return new KVFacade(service as KVService);
}

function txnAnswering(succeeded: boolean, responses: readonly ResponseOp[]): KVFacade {
  return facade({ txn: () => Promise.resolve({ header, succeeded, responses }) });
}

const got: ResponseOp = { type: 'get', response: { header, kvs: [], more: false, count: 0 } };
const written: ResponseOp = { type: 'put', response: { header } };

test('OPT-22 compact sends its revision, and physical if it is given', async () => {
  const sent: unknown[] = [];
  const kv = facade({ compact: (request) => (sent.push(request), Promise.resolve({ header })) });
  await kv.compact(5);
  await kv.compact(6n, { physical: true });
  assert.equal(sent, [
    { revision: 5n, physical: undefined },
    { revision: 6n, physical: true },
  ]);
});

test('every option of a get goes into its request', async () => {
  let sent: RangeRequest | undefined;
  const kv = facade({
    range: (request) => ((sent = request), Promise.resolve({ header, kvs: [], more: false, count: 0 })),
  });
  await kv.get('a', {
    rangeEnd: 'c',
    limit: 2,
    revision: 3,
    serializable: true,
    keysOnly: true,
    countOnly: true,
    sort: { by: 'modRevision', order: 'descend' },
    minModRevision: 1,
    maxModRevision: 2n,
    minCreateRevision: 3,
    maxCreateRevision: 4n,
  });
  assert.equal(sent, {
    key: Buffer.from('a'),
    rangeEnd: Buffer.from('c'),
    limit: 2,
    revision: 3n,
    serializable: true,
    keysOnly: true,
    countOnly: true,
    sortTarget: 'modRevision',
    sortOrder: 'descend',
    minModRevision: 1n,
    maxModRevision: 2n,
    minCreateRevision: 3n,
    maxCreateRevision: 4n,
  });
});

test('what a caller does to its buffer after the call does not reach the request', async () => {
  let sent: PutRequest | undefined;
  const kv = facade({ put: (request) => ((sent = request), Promise.resolve({ header })) });
  const [key, value] = [Buffer.from('key'), Buffer.from('value')];
  const answer = kv.put(key, value);
  key.fill(0);
  value.fill(0);
  await answer;
  assert.is(`${String(sent?.key)} ${String(sent?.value)}`, 'key value');
});

test('KV-06 arguments that make no sense are refused without an RPC, each by its name', async () => {
  const kv = facade({});
  const refused: [argument: string, () => Promise<unknown>, code?: string][] = [
    ['revision', () => kv.get('a', { revision: -1 })],
    ['limit', () => kv.get('a', { limit: -1 })],
    ['sort.by', () => kv.get('a', { sort: { by: 'size' as 'key', order: 'ascend' } }), 'INVALID_SORT_OPTION'],
    ['sort.order', () => kv.get('a', { sort: { by: 'key', order: 'up' as 'ascend' } }), 'INVALID_SORT_OPTION'],
    ['value', () => kv.put('a', 'b', { ignoreValue: true }), 'VALUE_PROVIDED'],
    ['lease', () => kv.put('a', 'b', { ignoreLease: true, lease: 5 }), 'LEASE_PROVIDED'],
    ['lease', () => kv.put('a', 'b', { lease: -5 })],
    ['revision', () => kv.compact(0)],
    ['then[0]', () => kv.txn({ then: ['put' as never] })],
    ['else', () => kv.txn({ else: 'put' as never })],
    ['operation', () => kv.do(undefined as never)],
    ['result', async () => compare.version('a', '>=' as '>', 1)],
    ['modRevision', async () => compare.modRevision('a', '>', 0.5)],
    ['key', async () => compare.value('', '=', 'v'), 'EMPTY_KEY'],
    ['pageSize', async () => kv.pages('a', { pageSize: 0 })],
  ];
  for (const [argument, call, code = 'INVALID_ARGUMENT'] of refused) {
    await rejects(call, { argument, code, outcome: 'not-applied' });
  }
});

test('a transaction nested without end is refused', async () => {
  const endless: { then: unknown[] } = { then: [] };
  const nested = op.txn({});
  (nested.request as { success: unknown }).success = [nested];
  endless.then.push(nested);
  await rejects(facade({}).txn(endless as never), { code: 'INVALID_ARGUMENT', argument: 'then' });
});

test('KV-04 the branch that ran gives its responses, nested ones too', async () => {
  const nested: ResponseOp = { type: 'txn', response: { header, succeeded: false, responses: [got] } };
  const answer = await txnAnswering(true, [written, nested]).txn({
    then: [op.put('a', '1'), op.txn({ then: [op.put('b', '2')], else: [op.get('b')] })],
  });
  assert.ok(answer.succeeded);
  const [, inner] = answer.responses;
  assert.ok(!inner.succeeded);
  assert.is(inner.responses[0].count, 0);
});

test('an answer that does not fit the transaction is not believed', async () => {
  const unknown = { code: 'INTERNAL', outcome: 'unknown' };
  await rejects(txnAnswering(true, []).txn({ then: [op.put('a', '1')] }), unknown);
  await rejects(txnAnswering(true, [got]).txn({ then: [op.put('a', '1')] }), unknown);
  await rejects(txnAnswering(false, [written]).txn({ then: [op.put('a', '1')] }), unknown);
});

test('KV-06 do runs any operation', async () => {
  const request: TxnRequest = { compare: [], success: [], failure: [] };
  const kv = facade({
    range: () => Promise.resolve({ header, kvs: [], more: true, count: 3 }),
    txn: () => Promise.resolve({ header, succeeded: true, responses: [] }),
  });
  assert.is((await kv.do(op.get('a'))).count, 3);
  assert.is((await kv.do({ type: 'txn', request })).succeeded, true);
});

const kvs = Array.from({ length: 5 }, (_, i) => keyValue({ key: Buffer.from(`k${i}`), value: Buffer.from('v') }));

/** Five keys at revision 7; with RangeStream, in parts of two, if `parts` are given. */
function fiveKeys(asked: string[], stream: () => AsyncIterable<RangeResponse>): KVFacade {
  return facade({
    range(request) {
      const from = kvs.filter(({ key }) => Buffer.compare(key, request.key) >= 0);
      const page = request.countOnly === true ? [] : from.slice(0, request.limit || 5);
      asked.push(`${String(request.key)}@${request.revision ?? 0}${request.countOnly === true ? '#' : ''}`);
      return Promise.resolve({ header, kvs: page, more: page.length < from.length, count: 5 });
    },
    rangeStream(request) {
      asked.push(`stream@${request.revision}`);
      return stream();
    },
  });
}

async function read(kv: KVFacade): Promise<string[]> {
  const pages: string[] = [];
  for await (const page of kv.pages('k', { prefix: true, pageSize: 2 })) {
    pages.push(
      `${page.kvs.map(({ key }) => key.toString()).join(' ')}${page.more ? ' …' : ''} of ${page.count} @${page.header.revision}`,
    );
  }
  return pages;
}

const PAGES = ['k0 k1 … of 5 @7', 'k2 k3 … of 5 @7', 'k4 of 5 @7'];

test('V-01 KV-08 pages come from RangeStream where it is, cut to the size requested, at one revision', async () => {
  const asked: string[] = [];
  const part = (some: typeof kvs): RangeResponse => ({ header, kvs: some, more: false, count: 0 });
  const kv = fiveKeys(asked, async function* () {
    yield part(kvs.slice(0, 1));
    yield part(kvs.slice(1));
  });
  assert.equal(await read(kv), PAGES);
  assert.equal(asked, ['k@0#', 'stream@7']);
});

test('GP-05 KV-08 without RangeStream the same pages come as ranges, and it is requested once', async () => {
  const asked: string[] = [];
  const unimplemented = new EtcdError({ code: 'UNIMPLEMENTED', message: 'no', outcome: 'not-applied' });
  // eslint-disable-next-line require-yield
  const kv = fiveKeys(asked, async function* () {
    throw unimplemented;
  });
  assert.equal(await read(kv), PAGES);
  assert.equal(await read(kv), PAGES);
  assert.is(asked.filter((one) => one.startsWith('stream')).length, 1);
  assert.equal(asked.slice(2, 5), ['k@7', 'k1\0@7', 'k3\0@7']);
});

test('KV-09 a failure in the middle of the pages is reported, after the pages before it', async () => {
  const compacted = new EtcdError({ code: 'COMPACTED', message: 'gone', outcome: 'not-applied' });
  const kv = fiveKeys([], async function* () {
    yield { header, kvs: kvs.slice(0, 3), more: false, count: 0 };
    throw compacted;
  });
  const pages = kv.pages('k', { prefix: true, pageSize: 2 })[Symbol.asyncIterator]();
  assert.is((await pages.next()).value?.kvs.length, 2);
  await rejects(() => pages.next(), { code: 'COMPACTED' });
});

test.run();
