import { CallContext, leaseDraw, methods, type Call, type Method } from '@etcdts/core/plugin';
import type { LeaseGrantRequest } from '@etcdts/core/plugin';
import type { EtcdError } from '@etcdts/core';
import { assert, rejects, suite } from '@etcdts/testing';
import { Bench, callOf, failure } from './fakes.test.kit.ts';

const test = suite('retry: leases');

const lost = failure('UNAVAILABLE', { outcome: 'unknown' });
const header = { revision: 3n };
/** A grant under an id that the client drew, or that somebody chose. The ids that are drawn again count upwards. */
const grant = (id: bigint, by: 'drawn' | 'chosen' = 'drawn'): Call => {
  const context = new CallContext();
  const draw = { id, again: () => ++draw.id };
  if (by === 'drawn') context.set(leaseDraw, draw);
  return callOf(methods.leaseGrant as Method, { id, ttl: 1 }, { context });
};
const present = { header, ttl: 1, grantedTtl: 2 };
const absent = { header, ttl: -1, grantedTtl: 0 };
/** The ids of the grants and, with a question mark, of the reads, that came to etcd, each kind in order. */
const ids = (bench: Bench): string[] => [
  ...bench.calls.map(({ request }) => String((request as LeaseGrantRequest).id)),
  ...bench.own.map(({ request }) => `${(request as { id: bigint }).id}?`),
];
const revoke = (): Call => callOf(methods.leaseRevoke as Method, { id: 7n });

async function answer(
  call: Call,
  script: unknown[],
  ownScript: unknown[] = [],
): Promise<{ bench: Bench; answer: unknown }> {
  const bench = new Bench();
  bench.script = script;
  bench.ownScript = ownScript;
  return { bench, answer: await bench.run(bench.send(call)).catch((reason: unknown) => reason) };
}

test('H5 a grant whose answer was lost is read before another try: a lease that exists is the answer', async () => {
  const found = await answer(grant(7n), [lost], [present]);
  assert.equal(found.answer, { header, id: 7n, ttl: 2 });
  assert.equal(ids(found.bench), ['7', '7?']);
  assert.equal(found.bench.own[0]?.method, methods.leaseTimeToLive);
});

test('H5 a grant that may have been applied, and whose lease does not exist yet, is never sent again under its id', async () => {
  const found = await answer(grant(7n), [lost, lost, { header, id: 9n, ttl: 1 }], [absent, absent]);
  assert.equal(found.answer, { header, id: 9n, ttl: 1 });
  assert.equal(ids(found.bench), ['7', '8', '9', '7?', '8?']);
});

test('a grant that provably was not applied is sent again under its id, without a read', async () => {
  const found = await answer(grant(7n), [failure('NO_LEADER'), { header, id: 7n, ttl: 1 }]);
  assert.equal(found.answer, { header, id: 7n, ttl: 1 });
  assert.equal(ids(found.bench), ['7', '7']);
});

test('the answer made of a read goes through JSON.stringify, as etcd’s own does', async () => {
  const found = await answer(grant(7n), [lost], [{ ...present, header: {} }]);
  assert.is(JSON.stringify(found.answer), '{"header":{},"id":"7","ttl":2}');
});

test('the read for a grant is a try: it avoids what failed, is repeated, and its failure is the grant’s', async () => {
  const repeated = await answer(grant(7n), [lost], [failure('UNAVAILABLE'), present]);
  assert.equal(repeated.answer, { header, id: 7n, ttl: 2 });
  const options = repeated.bench.own.map((one) => one.options);
  assert.equal(options[0]?.avoid, undefined);
  const slow = await answer(grant(7n), [failure('DEADLINE_EXCEEDED', { outcome: 'unknown' })], [present]);
  assert.equal(slow.bench.own[0]?.options?.avoid, ['a:1']);
  const failed = await answer(grant(7n), [lost], [failure('PERMISSION_DENIED', { method: 'Lease.LeaseTimeToLive' })]);
  const error = await rejects<EtcdError>(Promise.reject(failed.answer), {
    code: 'PERMISSION_DENIED',
    outcome: 'unknown',
  });
  assert.is(`${error.method} ${error.attempts}`, 'Lease.LeaseGrant 2');
});

test('a grant under an id that the client did not draw is repeated only if it provably was not applied', async () => {
  const chosen = await answer(grant(7n, 'chosen'), [lost]);
  assert.is(chosen.answer, lost);
  assert.equal(ids(chosen.bench), ['7']);
  const other = callOf(methods.leaseGrant as Method, { id: 5n, ttl: 1 }, { context: grant(7n).context });
  const changed = await answer(other, [lost]);
  assert.is(changed.answer, lost);
  const unsent = await answer(grant(7n, 'chosen'), [failure('NO_LEADER'), { header, id: 7n, ttl: 1 }]);
  assert.equal(ids(unsent.bench), ['7', '7']);
});

test('a grant without an id is repeated only if it provably was not applied', async () => {
  const { bench, answer: reason } = await answer(grant(0n, 'chosen'), [lost]);
  assert.is(reason, lost);
  assert.is(bench.calls.length, 1);
});

test('LEASE_NOT_FOUND after a revoke whose answer was lost means that it was revoked', async () => {
  const found = await answer(revoke(), [lost, failure('LEASE_NOT_FOUND')], [{ header, ttl: -1, grantedTtl: 0 }]);
  assert.equal(found.answer, { header });
  const never = await answer(revoke(), [failure('NO_LEADER'), failure('LEASE_NOT_FOUND')]);
  await rejects(Promise.reject(never.answer), { code: 'LEASE_NOT_FOUND', outcome: 'not-applied', attempts: 2 });
});

test.run();
