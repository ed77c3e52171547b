import { assert, rejects, suite } from '@etcdts/testing';
import { Bench, header, settle } from './fakes.test.kit.ts';
import { LeaseFacade } from './lease.ts';
import { randomLeaseId } from './lease-id.ts';

const test = suite('lease');

test('grants with an id chosen here unless one is given, and reports what etcd granted (L-01, H5, H29)', async () => {
  const bench = new Bench();
  bench.reply = ({ id }: { id: bigint }) => ({ header, id, ttl: 2 });
  const lease = new LeaseFacade(bench.service);
  assert.equal(await lease.grant(1), { header, id: 101n, ttl: 2 });
  assert.equal(await lease.grant(1, { id: 5, timeoutMs: 50 }), { header, id: 5n, ttl: 2 });
  assert.equal(
    bench.calls.map(({ request }) => request),
    [
      { ttl: 1, id: 101n },
      { ttl: 1, id: 5n },
    ],
  );
  assert.is(bench.calls[1]?.options.timeoutMs, 50);
});

test('chooses positive ids of 63 bits, never 0', () => {
  const ids = Array.from({ length: 1_000 }, () => randomLeaseId());
  assert.ok(ids.every((id) => id > 0n && id < 2n ** 63n));
  assert.is(new Set(ids).size, 1_000);
  assert.ok(ids.some((id) => id > 2n ** 62n));
});

test('refuses a ttl that is not a whole number of seconds from 1 to 9,000,000,000', async () => {
  const bench = new Bench();
  const lease = new LeaseFacade(bench.service);
  for (const ttl of [0, -5, 1.5, NaN, Infinity, '5' as never, undefined as never]) {
    await rejects(lease.grant(ttl), { code: 'INVALID_ARGUMENT', argument: 'ttl' });
  }
  await rejects(lease.grant(9_000_000_001), { code: 'LEASE_TTL_TOO_LARGE', argument: 'ttl' });
  assert.is(bench.calls.length, 0);
});

test('refuses ids that are not positive 64-bit integers, by name', async () => {
  const bench = new Bench();
  const lease = new LeaseFacade(bench.service);
  for (const id of [0, 0n, -1n, 1.5, 2 ** 60, 2n ** 63n, '7' as never]) {
    const wrong = { code: 'INVALID_ARGUMENT', argument: 'id' };
    await rejects(lease.grant(5, { id }), wrong);
    await rejects(lease.revoke(id), wrong);
    await rejects(lease.timeToLive(id), wrong);
    await rejects(lease.keepAliveOnce(id), wrong);
    assert.throws(() => lease.keepAlive(id), /INVALID_ARGUMENT: id/);
  }
  assert.is(bench.calls.length + bench.streams.length, 0);
});

test('sends revoke, timeToLive and leases as one RPC each, with their options', async () => {
  const bench = new Bench();
  const lease = new LeaseFacade(bench.service);
  await lease.revoke(7, { timeoutMs: 1 });
  await lease.timeToLive(7n, { keys: true, timeoutMs: 2 });
  await lease.leases({ timeoutMs: 3 });
  assert.equal(
    bench.calls.map(({ name, request, options }) => [name, request, options.timeoutMs]),
    [
      ['LeaseRevoke', { id: 7n }, 1],
      ['LeaseTimeToLive', { id: 7n, keys: true }, 2],
      ['LeaseLeases', {}, 3],
    ],
  );
});

test('keeps the 16 newest renewals for a slow reader (L-09)', async () => {
  const bench = new Bench();
  const kept = new LeaseFacade(bench.service).keepAlive(7)[Symbol.asyncIterator]();
  for (let ttl = 1; ttl <= 20; ttl++) {
    bench.latest.answer(7n, ttl * 30);
    await bench.clock.advance(ttl * 10_000);
  }
  const read: (number | undefined)[] = [];
  for (let i = 5; i <= 20; i++) read.push((await kept.next()).value?.ttl);
  assert.equal(
    read.map((ttl = 0) => ttl / 30),
    [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20],
  );
  await kept.return?.();
  assert.is(bench.latest.state, 'cancelled', 'leaving the iteration cancels');
});

test('begins an iteration with the newest renewal of the keepalive, and keeps no earlier one for it (L-09)', async () => {
  const bench = new Bench();
  const leases = new LeaseFacade(bench.service);
  const kept = leases.keepAlive(7);
  for (let ttl = 1; ttl <= 3; ttl++) {
    bench.latest.answer(7n, ttl * 30);
    await bench.clock.advance(ttl * 10_000);
  }
  const reader = kept[Symbol.asyncIterator]();
  const late = leases.keepAlive(7)[Symbol.asyncIterator]();
  assert.is((await reader.next()).value?.ttl, 90);
  const waiting = [reader.next(), late.next()];
  bench.latest.answer(7n, 120);
  for (const next of waiting) assert.is((await next).value?.ttl, 120);
});

test('throws the loss from the iteration, without renewals that are no longer true', async () => {
  const bench = new Bench();
  const kept = new LeaseFacade(bench.service).keepAlive(7);
  bench.latest.answer(7n, 6);
  bench.latest.answer(7n, 6);
  await bench.clock.advance(6_000);
  const reader = kept[Symbol.asyncIterator]();
  await rejects(reader.next(), { code: 'LEASE_LOST' });
  assert.equal(await reader.next(), { done: true, value: undefined });
  await kept.cancel();
});

test('cancels on dispose, and again without harm; readers end', async () => {
  const bench = new Bench();
  const kept = new LeaseFacade(bench.service).keepAlive(7);
  const reader = kept[Symbol.asyncIterator]();
  const waiting = [reader.next(), reader.next()];
  await kept[Symbol.asyncDispose]();
  await kept.cancel();
  for (const each of waiting) assert.equal(await each, { done: true, value: undefined });
  assert.is(bench.latest.state, 'cancelled');
  assert.is(kept.id, 7n);
});

test('has one reader: a second one is refused, also after the first has left', async () => {
  const bench = new Bench();
  const leases = new LeaseFacade(bench.service);
  const kept = leases.keepAlive(7);
  const reader = kept[Symbol.asyncIterator]();
  assert.is((reader as AsyncIterableIterator<unknown>)[Symbol.asyncIterator](), reader);
  const refused = { code: 'FAILED_PRECONDITION', message: /call keepAlive again/ };
  const read = async (): Promise<void> => {
    for await (const _ of kept) assert.unreachable('read a renewal');
  };
  await rejects(read(), refused);
  bench.latest.answer(7n, 6);
  assert.is((await reader.next()).value?.ttl, 6);
  assert.is(kept.signal.aborted, false);
  const other = leases.keepAlive(7)[Symbol.asyncIterator]();
  bench.latest.answer(7n, 6);
  await reader.return?.();
  await other.return?.();
  await rejects(read(), refused);
});

test('K-9 shows when a lease that was granted elsewhere is renewed first, and what etcd grants it', async () => {
  const bench = new Bench();
  const leases = new LeaseFacade(bench.service);
  const adopted = leases.keepAlive(7);
  assert.is(adopted.ttl, undefined);
  const { renewed } = adopted;
  bench.latest.answer(7n, 60);
  assert.equal([(await renewed).ttl, adopted.ttl], [60, 60]);
  const late = leases.keepAlive(7);
  assert.equal([(await late.renewed).ttl, late.ttl], [60, 60], 'one that joins need not wait for the next renewal');
  bench.reply = () => ({ header, id: 9n, ttl: 30 });
  await leases.grant(30, { id: 9 });
  assert.is(leases.keepAlive(9).ttl, 30, 'known from its grant, before the first renewal');
});

test('the first renewal of one that ends before it rejects, and nobody has to wait for it', async () => {
  const bench = new Bench();
  const leases = new LeaseFacade(bench.service);
  const own = new AbortController();
  const [gone, cancelled, aborted] = [
    leases.keepAlive(1),
    leases.keepAlive(2),
    leases.keepAlive(3, { signal: own.signal }),
  ];
  const waiting = [gone.renewed, cancelled.renewed];
  bench.latest.answer(1n, 0);
  await cancelled.cancel();
  own.abort('enough');
  await settle();
  assert.is(await rejects(waiting[0]!), gone.signal.reason);
  await rejects(gone.renewed, { code: 'LEASE_NOT_FOUND' });
  await rejects(waiting[1]!, { code: 'CANCELLED', outcome: 'not-applied' });
  assert.is(await rejects(aborted.renewed), 'enough', 'also if it is read after the end');
  const lost = leases.keepAlive(4);
  const revoked = leases.keepAlive(5);
  void leases.revoke(5);
  await rejects(revoked.renewed, { code: 'LEASE_NOT_FOUND' });
  await bench.clock.advance(10_000);
  await rejects(lost.renewed, { code: 'LEASE_LOST' });
});

test.run();
