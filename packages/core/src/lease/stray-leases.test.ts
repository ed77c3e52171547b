import { assert, rejects, suite } from '@etcdts/testing';
import { failedAttempts, leaseDraw, servedBy, type CallOptions } from '../call.ts';
import type { EtcdErrorCode } from '../error-codes.ts';
import { EtcdError } from '../errors.ts';
import type { LeaseGrantRequest } from '../messages.ts';
import { Bench, header, settle, type BenchCall } from './fakes.test.kit.ts';

const test = suite('lease: grants that nobody uses');

const failure = (code: EtcdErrorCode, outcome: 'unknown' | 'not-applied' = 'not-applied'): EtcdError =>
  new EtcdError({ code, message: 'from the test', outcome });
const lost = failure('UNAVAILABLE', 'unknown');
const notFound = failure('LEASE_NOT_FOUND');

/** A bench whose grants and revokes end so; what is thrown is the failure. The first id that is drawn is 101. */
function benchOf(
  grant: (call: BenchCall) => unknown,
  revoke: (call: BenchCall) => unknown = () => ({ header }),
): Bench {
  const bench = new Bench();
  bench.reply = (_: unknown, call: BenchCall) => {
    const answer = call.name === 'LeaseGrant' ? grant(call) : revoke(call);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return bench;
}

/** The ids of the leases that were revoked, in order. */
const revoked = ({ calls }: Bench): bigint[] =>
  calls.filter(({ name }) => name === 'LeaseRevoke').map(({ request }) => (request as { id: bigint }).id);
const grantOf = (bench: Bench, options: CallOptions = {}): Promise<unknown> =>
  bench.service.grant({ ttl: 9, id: 0n }, options);

test('H5 a grant under a drawn id whose outcome is unknown is revoked in the background, once', async () => {
  const bench = benchOf(() => lost);
  const metadata = { 'x-user': 'a' };
  const signal = new AbortController().signal;
  await rejects(grantOf(bench, { metadata, signal, endpoint: 'a:1', avoid: ['b:1'], timeoutMs: 50 }), {
    outcome: 'unknown',
  });
  await bench.clock.advance(700_000);
  assert.equal(revoked(bench), [101n]);
  const own = { endpoint: undefined, avoid: undefined, signal: undefined, timeoutMs: 5_000 };
  assert.equal(bench.calls[1]?.options, { metadata, ...own });
  assert.is(bench.clock.timers.size, 0);
});

test('a grant that provably was not applied, or under an id that somebody chose, leaves nothing to revoke', async () => {
  const unsent = benchOf(() => failure('NO_LEADER'));
  await rejects(grantOf(unsent), { code: 'NO_LEADER' });
  const chosen = benchOf(() => lost);
  await rejects(chosen.service.grant({ ttl: 9, id: 5n }, {}), { outcome: 'unknown' });
  const aborted = benchOf(() => new Error('aborted before it left'));
  await rejects(grantOf(aborted), /before it left/);
  for (const bench of [unsent, chosen, aborted]) {
    await bench.clock.advance(1_000);
    assert.equal(revoked(bench), []);
  }
});

test('a grant that was aborted after it had left is revoked', async () => {
  const bench = benchOf(({ context }) => {
    context.set(servedBy, 'a:1');
    return new Error('aborted');
  });
  await rejects(grantOf(bench), /aborted/);
  await bench.clock.advance(0);
  assert.equal(revoked(bench), [101n]);
});

test('H5 the ids of earlier tries are revoked after a grant went well, and the lease that was granted is not', async () => {
  const bench = benchOf(({ context }) => {
    const draw = context.get(leaseDraw);
    assert.is(draw?.id, 101n);
    return { header, id: draw?.again(), ttl: 9 };
  });
  assert.equal(await grantOf(bench), { header, id: 102n, ttl: 9 });
  await bench.clock.advance(1_000);
  assert.equal(revoked(bench), [101n]);
});

test('LEASE_NOT_FOUND is not the end: the grant may be applied later, and its lease is revoked then', async () => {
  let applied = false;
  const bench = benchOf(
    () => lost,
    () => (applied ? { header } : notFound),
  );
  await rejects(grantOf(bench), { outcome: 'unknown' });
  await bench.clock.advance(8_000);
  assert.equal(revoked(bench), [101n, 101n, 101n, 101n]);
  applied = true;
  await bench.clock.advance(600_000);
  assert.is(revoked(bench).length, 5);
});

test('a revoke that an interceptor repeated proves nothing: its lease may not have been there', async () => {
  const bench = benchOf(
    () => lost,
    ({ context }) => {
      if (revoked(bench).length === 1) context.set(failedAttempts, [lost]);
      return { header };
    },
  );
  await rejects(grantOf(bench), { outcome: 'unknown' });
  await bench.clock.advance(100_000);
  assert.equal(revoked(bench), [101n, 101n]);
});

test('an id is given up after ten minutes, or if etcd refuses the revoke', async () => {
  const bench = benchOf(
    () => lost,
    () => notFound,
  );
  await rejects(grantOf(bench), { outcome: 'unknown' });
  await bench.clock.advance(3_600_000);
  const tries = revoked(bench).length;
  assert.ok(tries > 10 && tries < 20, `${tries} revokes`);
  const refused = benchOf(
    () => lost,
    () => failure('PERMISSION_DENIED'),
  );
  await rejects(grantOf(refused), { outcome: 'unknown' });
  await refused.clock.advance(60_000);
  assert.equal(revoked(refused), [101n]);
});

test('leases are revoked one after the other, and no timer holds the process', async () => {
  let most = 0;
  let now = 0;
  const bench = benchOf(
    () => lost,
    async () => {
      most = Math.max(most, ++now);
      await settle();
      now--;
      return { header };
    },
  );
  await Promise.all(Array.from({ length: 5 }, () => rejects(grantOf(bench), { outcome: 'unknown' })));
  assert.ok([...bench.clock.timers].every(({ hold }) => !hold));
  await bench.clock.advance(0);
  for (let i = 0; i < 10; i++) await settle();
  assert.equal(revoked(bench), [101n, 102n, 103n, 104n, 105n]);
  assert.is(most, 1);
});

test('close ends it: no timer is left, and none is set for a grant that ends later', async () => {
  let end = (): void => {};
  const late = new Promise<void>((resolve) => (end = resolve));
  const bench = benchOf(
    ({ request }) => ((request as LeaseGrantRequest).id === 101n ? lost : late.then(() => Promise.reject(lost))),
    () => notFound,
  );
  await rejects(grantOf(bench), { outcome: 'unknown' });
  const pending = rejects(grantOf(bench), { outcome: 'unknown' });
  await bench.clock.advance(0);
  bench.service.close();
  end();
  await pending;
  assert.is(bench.clock.timers.size, 0);
  assert.equal(revoked(bench), [101n]);
});

test('of many ids the newest thousand are remembered', async () => {
  const bench = benchOf(
    () => lost,
    () => notFound,
  );
  for (let i = 0; i < 1_001; i++) await rejects(grantOf(bench), { outcome: 'unknown' });
  await bench.clock.advance(0);
  for (let i = 0; i < 1_000; i++) await settle();
  assert.is(revoked(bench).length, 1_000);
  assert.is(revoked(bench)[0], 102n);
});

test('a keepalive counts from when the id of its lease was drawn', async () => {
  const bench = benchOf(({ context }) => {
    bench.clock.time += 60_000;
    return { header, id: context.get(leaseDraw)?.again(), ttl: 9 };
  });
  await grantOf(bench);
  const kept = bench.service.keepAlive(102n, {});
  assert.is(kept.ttl, 9);
  await bench.clock.advance(9_000);
  assert.ok(kept.signal.aborted);
});

test.run();
