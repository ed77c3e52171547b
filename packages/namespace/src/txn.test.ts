import { keyValue } from '@etcdts/core/plugin';
import type { Compare, KeyValue, Op, ResponseHeader } from '@etcdts/core';
import type { ResponseOp, TxnRequest, TxnResponseMessage } from '@etcdts/core/plugin';
import { assert, rejects, suite } from '@etcdts/testing';
import { scopeKV } from './kv.ts';
import { LeaseRegistry } from './lease-registry.ts';
import { Scope } from './range.ts';

const test = suite('namespace: txn');
const header: ResponseHeader = { clusterId: 1n, memberId: 2n, revision: 3n, raftTerm: 4n };
const b = (text: string): Buffer => Buffer.from(text);
const kv = (key: string): KeyValue => keyValue({ key: b(key) });

const get = (key: string, rangeEnd?: string): Op => ({ type: 'get', request: range(key, rangeEnd) });
const put = (key: string): Op => ({ type: 'put', request: { key: b(key), value: b('v') } });
const del = (key: string, rangeEnd?: string): Op => ({ type: 'delete', request: range(key, rangeEnd) });
const txn = (request: TxnRequest): Op => ({ type: 'txn', request });
const range = (key: string, end?: string) => ({ key: b(key), ...(end === undefined ? {} : { rangeEnd: b(end) }) });
const when = (key: string, rangeEnd?: string): Compare => ({
  ...range(key, rangeEnd),
  target: 'version',
  result: '=',
  operand: 0n,
});

const got = (...keys: string[]): ResponseOp => ({
  type: 'get',
  response: { header, kvs: keys.map(kv), more: false, count: keys.length },
});
const putBack = (key: string): ResponseOp => ({ type: 'put', response: { header, prevKv: kv(key) } });
const deleted = (key: string): ResponseOp => ({
  type: 'delete',
  response: { header, deleted: 1, prevKvs: [kv(key)] },
});
const done = (succeeded: boolean, ...responses: ResponseOp[]): TxnResponseMessage => ({ header, succeeded, responses });
const nested = (...responses: ResponseOp[]): ResponseOp => ({ type: 'txn', response: done(true, ...responses) });

/** Sends a transaction through `app/` to a fake etcd; gives back what etcd saw and what the caller gets. */
async function send(request: TxnRequest, answer: TxnResponseMessage) {
  let seen: TxnRequest | undefined;
  const fake = { txn: async (sent: TxnRequest) => ((seen = sent), answer) };
  const service = scopeKV(fake as never, new Scope(b('app/')), new LeaseRegistry(() => 0, false, []), false);
  return { response: await service.txn(request, {}), seen: seen as TxnRequest };
}

test('every key of compares, both branches and nested transactions is behind the prefix (NS-05)', async () => {
  const inner = { compare: [when('n1', '\0')], success: [del('n2', 'n4')], failure: [txn(leaf())] };
  const { seen } = await send(
    { compare: [when('c1'), when('c2', 'c4')], success: [get('a'), txn(inner)], failure: [put('f'), get('\0', '\0')] },
    done(false, putBack('app/f'), got()),
  );
  assert.equal(seen, {
    compare: [when('app/c1'), when('app/c2', 'app/c4')],
    success: [
      get('app/a'),
      txn({
        compare: [when('app/n1', 'app0')],
        success: [del('app/n2', 'app/n4')],
        failure: [txn({ compare: [when('app/deep')], success: [put('app/deep')], failure: [] })],
      }),
    ],
    failure: [put('app/f'), get('app/\0', 'app0')],
  });
});

test('every key of the answer is cut, at any depth (NS-06)', async () => {
  const deep = txn({ compare: [], success: [txn(leaf()), get('a')], failure: [] });
  const { response } = await send(
    { compare: [], success: [get('a', 'c'), put('p'), del('d'), deep], failure: [] },
    done(
      true,
      got('app/a', 'app/b'),
      putBack('app/p'),
      deleted('app/d'),
      nested(nested(putBack('app/deep')), got('app/a')),
    ),
  );
  const expected = [got('a', 'b'), putBack('p'), deleted('d'), nested(nested(putBack('deep')), got('a'))];
  assert.equal(plain(response), plain(done(true, ...expected)));
});

test('a request is not changed, so that sending it again does not prefix it twice', async () => {
  const request = { compare: [when('c')], success: [put('a'), txn(leaf())], failure: [] };
  const before = structuredClone(request);
  const answer = done(true, { type: 'put', response: { header } }, nested(putBack('app/deep')));
  const first = await send(request, answer);
  const second = await send(request, answer);
  assert.equal(structuredClone(request), before);
  assert.equal(second.seen, first.seen);
});

test('branches with a map of their own are behind the prefix all the same', async () => {
  const shifty = <T>(items: T[]): T[] => Object.assign(items, { map: () => items });
  const request = { compare: shifty([when('c')]), success: shifty([del('\0', '\0')]), failure: shifty([put('f')]) };
  const { seen } = await send(request, done(true, deleted('app/d')));
  const expected = { compare: [when('app/c')], success: [del('app/\0', 'app0')], failure: [put('app/f')] };
  assert.equal(seen, expected);
});

test('a foreign key in an answer fails the transaction, at any depth', async () => {
  const failure = { code: 'NAMESPACE_VIOLATION', outcome: 'unknown', method: 'KV.Txn' };
  const two = { compare: [], success: [get('a'), txn(leaf())], failure: [] };
  await rejects(send(two, done(true, got('apple'), nested(putBack('app/deep')))), failure);
  await rejects(send(two, done(true, got('app/a'), nested(putBack('deep')))), failure);
});

test('an answer of another shape fails the transaction', async () => {
  const failure = { code: 'INTERNAL', outcome: 'unknown', method: 'KV.Txn' };
  const request = { compare: [], success: [get('a')], failure: [put('a'), txn(leaf())] };
  const hostile = [
    done(true),
    done(true, got('app/a'), got('app/a')),
    done(true, putBack('app/a')),
    done(true, nested(got('app/a'))),
    done(false, got('app/a')),
    done(false, putBack('app/a'), nested()),
    done(false, putBack('app/a'), nested(nested(got('app/a')))),
  ];
  for (const answer of hostile) await rejects(send(request, answer), failure);
});

/** The smallest transaction with a key in each place that a caller can put one. */
function leaf(): TxnRequest {
  return { compare: [when('deep')], success: [put('deep')], failure: [] };
}

/** For a comparison by what can be seen: a key value keeps its fields to itself. */
function plain(response: TxnResponseMessage): unknown {
  return JSON.parse(JSON.stringify(response, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)));
}

test.run();
