import { CallContext, drawnLeaseId, methods, type Call, type Method } from '@etcdts/core/plugin';
import { assert, rejects, suite } from '@etcdts/testing';
import { Bench, callOf, failure } from './fakes.test.kit.ts';

const test = suite('retry: leases');

const lost = failure('UNAVAILABLE', { outcome: 'unknown' });
const header = { revision: 3n };
/** A grant under an id that the client drew, or that somebody chose. */
const grant = (id: bigint, by: 'drawn' | 'chosen' = 'drawn'): Call => {
  const context = new CallContext();
  if (by === 'drawn') context.set(drawnLeaseId, id);
  return callOf(methods.leaseGrant as Method, { id, ttl: 1 }, { context });
};
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

test('H5 a grant whose answer was lost is asked for again, and LEASE_EXIST for its own id means that it was granted', async () => {
  const told = { header, ttl: 1, grantedTtl: 2 };
  const found = await answer(grant(7n), [lost, failure('LEASE_EXIST')], [told]);
  assert.equal(found.answer, { header, id: 7n, ttl: 2 });
  assert.equal(found.bench.own, [{ method: methods.leaseTimeToLive, request: { id: 7n } }]);
});

test('the answer made of it goes through JSON.stringify, as etcd’s own does', async () => {
  const told = { header: {}, ttl: 1, grantedTtl: 2 };
  const found = await answer(grant(7n), [lost, failure('LEASE_EXIST')], [told]);
  assert.is(JSON.stringify(found.answer), '{"header":{},"id":"7","ttl":2}');
});

test('the question for a grant is repeated too', async () => {
  const exist = failure('LEASE_EXIST');
  const found = await answer(
    grant(7n),
    [lost, exist, exist],
    [failure('UNAVAILABLE'), { header, ttl: 1, grantedTtl: 2 }],
  );
  assert.equal(found.answer, { header, id: 7n, ttl: 2 });
});

test('LEASE_EXIST is an error where no try before it may have granted the lease', async () => {
  const { bench } = await answer(grant(7n), [failure('NO_LEADER'), failure('LEASE_EXIST')]);
  bench.script = [failure('LEASE_EXIST')];
  await rejects(bench.send(grant(7n)), { code: 'LEASE_EXIST', outcome: 'not-applied', attempts: 1 });
  assert.is(bench.own.length, 0);
});

test('LEASE_EXIST for an id that the client did not draw, or for a lease that is gone again, leaves it unknown', async () => {
  const chosen = await answer(grant(7n, 'chosen'), [lost, failure('LEASE_EXIST')]);
  const gone = await answer(grant(7n), [lost, failure('LEASE_EXIST')], [{ header, ttl: -1, grantedTtl: 0 }]);
  for (const { answer } of [chosen, gone]) {
    await rejects(Promise.reject(answer), { code: 'LEASE_EXIST', outcome: 'unknown' });
  }
  assert.is(chosen.bench.own.length, 0);
});

test('a grant without an id of its own is not repeated', async () => {
  const { bench, answer: reason } = await answer(grant(0n), [lost]);
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
