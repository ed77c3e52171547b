// What barriers promise on an etcd: upstream's tests by name, and what goes beyond them.
import { randomUUID } from 'node:crypto';
import type { EtcdOperations } from '@etcdts/core';
import {
  barrier,
  doubleBarrier,
  openSession,
  renewingSession,
  type DoubleBarrier,
  type Session,
} from '@etcdts/concurrency';
import { assert, eventually, rejects, type ContractContext, type Suite } from '@etcdts/testing';

/** Whether a promise has settled, as of the next turns of the event loop. */
export function watched(work: Promise<unknown>): { settled: boolean } {
  const state = { settled: false };
  const done = (): void => void (state.settled = true);
  work.then(done, done);
  return state;
}

/** Participants of one barrier, each of a session of its own. */
export async function participants(
  clients: readonly EtcdOperations[],
  key: string,
  count: number,
  ttl = 60,
): Promise<{ readonly sessions: readonly Session[]; readonly all: readonly DoubleBarrier[] } & AsyncDisposable> {
  const client = (i: number): EtcdOperations => clients[i % clients.length] as EtcdOperations;
  const sessions = await Promise.all(Array.from({ length: count }, (_, i) => openSession(client(i), { ttl })));
  return {
    sessions,
    all: sessions.map((session) => doubleBarrier(session, key, count)),
    async [Symbol.asyncDispose]() {
      await Promise.all(sessions.map((session) => session.close({ timeoutMs: 2_000 }).catch(() => {})));
    },
  };
}

/** The keys of a double barrier. */
export async function keysBelow(client: EtcdOperations, key: string): Promise<readonly string[]> {
  const { kvs } = await client.kv.get(`${key}/`, { prefix: true });
  return kvs.map((one) =>
    one.key
      .toString()
      .slice(key.length + 1)
      .replace(/^waiters\/.*/, 'waiter'),
  );
}

/** Resolves when so many participants have put their keys. */
export async function untilWaiting(client: EtcdOperations, key: string, count: number): Promise<void> {
  const waiting = async (): Promise<boolean> =>
    (await client.kv.get(`${key}/waiters/`, { prefix: true, countOnly: true })).count === count;
  await eventually(waiting, { describe: `${count} are in ${key}` });
}

/** TestBarrierSingleNode and TestBarrierMultiNode. */
export async function testBarrier(clients: readonly EtcdOperations[], key: string): Promise<void> {
  const client = (i: number): EtcdOperations => clients[i % clients.length] as EtcdOperations;
  const held = barrier(client(0), key);
  await held.hold();
  await rejects(held.hold(), { code: 'KEY_EXISTS', outcome: 'not-applied' });
  await rejects(barrier(client(1), key).hold(), { code: 'KEY_EXISTS' });
  const waits = Array.from({ length: 5 }, (_, i) => barrier(client(i), key).wait());
  const states = waits.map(watched);
  await client(1).kv.put(`${key}-other`, '');
  await client(2).kv.get(key);
  assert.ok(states.every(({ settled }) => !settled));
  await held.release();
  await Promise.all(waits);
  await held.hold();
  await barrier(client(1), key).release();
  await barrier(client(1), key).release();
}

/** TestDoubleBarrier. */
export async function testDoubleBarrier(clients: readonly EtcdOperations[], key: string, count: number): Promise<void> {
  const client = clients[0] as EtcdOperations;
  await using group = await participants(clients, key, count);
  const [last, ...others] = group.all;
  const entering = others.map((one) => one.enter());
  const early = entering.map(watched);
  await untilWaiting(client, key, count - 1);
  assert.ok(early.every(({ settled }) => !settled));
  await last?.enter();
  await Promise.all(entering);

  const leaving = others.map((one) => one.leave());
  const late = leaving.map(watched);
  const left = async (): Promise<boolean> => (await keysBelow(client, key)).length < count + 1;
  if (count > 2) await eventually(left, { describe: 'others have removed their keys' });
  assert.ok(late.every(({ settled }) => !settled));
  await last?.leave();
  await Promise.all(leaving);
  assert.equal(await keysBelow(client, key), []);
}

/** Adds the tests. */
export function barrierCases(test: Suite, context: () => ContractContext): void {
  const place = (): { client: EtcdOperations; key: string } => ({
    client: context().client,
    key: `barrier/${randomUUID()}`,
  });

  test('BA-01 RE-01 TestBarrierSingleNode all who wait go on when the barrier is released', async () => {
    const { client, key } = place();
    await testBarrier([client, client, client], key);
  });

  test('BA-01 TestBarrierWaitNonexistentKey a wait for a key that is not there returns at once', async () => {
    const { client, key } = place();
    await client.kv.put(`${key}-0`, '');
    await Promise.all(Array.from({ length: 5 }, () => barrier(client, key).wait()));
  });

  test('BA-01 BA-06 a wait begins after the revision of its read, whatever was compacted before', async () => {
    const { client, key } = place();
    await barrier(client, key).hold();
    await client.kv.put(`${key}-other`, '1');
    const { header } = await client.kv.put(`${key}-other`, '2');
    await client.kv.compact(header.revision);
    const wait = barrier(client, key).wait();
    const state = watched(wait);
    await client.kv.put(`${key}-other`, '3');
    assert.not(state.settled);
    await barrier(client, key).release();
    await wait;
  });

  test('BA-01 a barrier that is held under a session goes with it', async () => {
    const { client, key } = place();
    const session = await openSession(client);
    await barrier(client, key).hold({ session });
    assert.is((await client.kv.get(key)).kvs[0]?.lease, session.lease);
    const wait = barrier(client, key).wait();
    await session.close();
    await wait;
    await rejects(barrier(client, key).hold({ session }), { code: 'SESSION_ENDED' });
    await using renewing = renewingSession(client);
    await barrier(client, key).hold({ session: renewing });
    assert.is((await client.kv.get(key)).kvs[0]?.lease, (await renewing.current()).lease);
  });

  test('BA-06 RE-06 a wait ends by an abort and by its time, with nothing left behind', async () => {
    const { client, key } = place();
    const held = barrier(client, key);
    await held.hold();
    const controller = new AbortController();
    const reason = new Error('enough');
    const wait = held.wait({ signal: controller.signal });
    controller.abort(reason);
    assert.is(await wait.then(String, (error: unknown) => error), reason);
    const late = await rejects(held.wait({ timeoutMs: 50 }), { code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' });
    assert.match(late.message, 'the barrier was not released within timeoutMs');
    await held.release();
  });

  test('BA-02 BA-05 RE-02 TestDoubleBarrier ten enter together and leave together, and no key stays', async () => {
    const { client, key } = place();
    await testDoubleBarrier([client], key, 10);
  });

  test('BA-02 TestDoubleBarrierTooManyClients one too many is refused and leaves no key', async () => {
    const { client, key } = place();
    await using group = await participants([client], key, 10);
    await Promise.all(group.all.map((one) => one.enter()));
    const extra = doubleBarrier(group.sessions[0] as Session, key, 10);
    await rejects(extra.enter(), { code: 'TOO_MANY_CLIENTS', outcome: 'not-applied' });
    assert.is((await client.kv.get(`${key}/waiters/`, { prefix: true, countOnly: true })).count, 10);
    await Promise.all(group.all.map((one) => one.leave()));
    assert.equal(await keysBelow(client, key), []);
  });

  test('BA-03 of twenty that come at once to a barrier for five, five enter and fifteen are refused', async () => {
    const { client, key } = place();
    const session = await openSession(client);
    const all = Array.from({ length: 20 }, () => doubleBarrier(session, key, 5));
    const watch = client.watch(`${key}/`, { prefix: true, filters: ['delete'] });
    await watch.created;
    const ends = await Promise.allSettled(all.map((one) => one.enter()));
    const inside = all.filter((_, i) => ends[i]?.status === 'fulfilled');
    assert.is(inside.length, 5);
    for (const end of ends)
      if (end.status === 'rejected') assert.match(String(end.reason), /TOO_MANY_CLIENTS: 5 participants are in/);
    assert.equal((await keysBelow(client, key)).toSorted(), ['ready', ...Array.from({ length: 5 }, () => 'waiter')]);
    const puts: string[] = [];
    for await (const { kv } of watch.events())
      if (puts.push(kv.key.toString()) > 0 && puts.at(-1) === `${key}/ready`) break;
    assert.is(puts.length, 6, 'a key of one too many was never there');
    await Promise.all(inside.map((one) => one.leave()));
    assert.equal(await keysBelow(client, key), []);
    await session.close();
  });

  test('BA-04 BA-05 TestDoubleBarrierFailover a participant whose session ends lets the others leave', async () => {
    const { client, key } = place();
    const [victim, session] = [await openSession(client), await openSession(client)];
    const others = Array.from({ length: 9 }, () => doubleBarrier(session, key, 10));
    const sacrificed = doubleBarrier(victim, key, 10);
    await Promise.all([sacrificed, ...others].map((one) => one.enter()));
    await victim.close();
    await Promise.all(others.map((one) => one.leave()));
    assert.equal(
      (await keysBelow(client, key)).filter((one) => one === 'waiter'),
      [],
    );
    await rejects(sacrificed.leave(), { code: 'SESSION_ENDED' });
    await session.close();
    assert.equal(await keysBelow(client, key), []);
  });

  test('BA-04 the ready key is under the lease of who opened, so that a crash leaves no open barrier', async () => {
    const { client, key } = place();
    await using group = await participants([client], key, 2);
    const [first, second] = group.all as [DoubleBarrier, DoubleBarrier];
    const entering = first.enter();
    await untilWaiting(client, key, 1);
    await Promise.all([second.enter(), entering]);
    const [ready] = (await client.kv.get(`${key}/ready`)).kvs;
    assert.is(ready?.lease, group.sessions[1]?.lease);
    await Promise.all(group.sessions.map((session) => session.close()));
    assert.equal(await keysBelow(client, key), []);
    await testDoubleBarrier([client], key, 2);
  });

  test('BA-04 BA-05 rounds follow each other, and nobody is in two of them at once', async () => {
    const { client, key } = place();
    const COUNT = 4;
    await using group = await participants([client], key, COUNT);
    const rounds = group.all.map(() => 0);
    const play = async (one: DoubleBarrier, i: number): Promise<void> => {
      for (let round = 1; round <= 10; round++) {
        // Those who have not left the round before are in the way.
        for (;;) {
          const refused = await one.enter().then(
            () => undefined,
            (error: unknown) => error,
          );
          if (refused === undefined) break;
          assert.match(String(refused), 'TOO_MANY_CLIENTS');
        }
        rounds[i] = round;
        assert.ok(
          rounds.every((other) => other === round || other === round - 1),
          rounds.join(),
        );
        await one.leave();
        assert.ok(
          rounds.every((other) => other >= round),
          `${rounds.join()} after ${round}`,
        );
      }
    };
    await Promise.all(group.all.map(play));
    assert.equal(await keysBelow(client, key), []);
  });

  test('BA-05 who comes while others leave is of the next round: it opens nothing, and nobody waits for it', async () => {
    const { client, key } = place();
    await using group = await participants([client], key, 2);
    const [first, second] = group.all as [DoubleBarrier, DoubleBarrier];
    const entering = first.enter();
    await untilWaiting(client, key, 1);
    await Promise.all([second.enter(), entering]);
    const leaving = second.leave();
    await untilWaiting(client, key, 1);
    const comer = doubleBarrier(group.sessions[1] as Session, key, 2);
    const controller = new AbortController();
    const coming = comer.enter({ signal: controller.signal });
    await untilWaiting(client, key, 2);
    const state = watched(coming);
    await Promise.all([first.leave(), leaving]);
    assert.not(state.settled, 'it waits for one more');
    const partner = doubleBarrier(group.sessions[0] as Session, key, 2);
    await Promise.all([partner.enter(), coming]);
    await Promise.all([partner.leave(), comer.leave()]);
    assert.equal(await keysBelow(client, key), []);
  });

  test('BA-06 RE-06 entering and leaving end by an abort, by their time and with the session; nobody is held up', async () => {
    const { client, key } = place();
    await using group = await participants([client], key, 2);
    const [first, second] = group.all as [DoubleBarrier, DoubleBarrier];
    const reason = new Error('enough');
    const controller = new AbortController();
    const aborted = first.enter({ signal: controller.signal });
    await untilWaiting(client, key, 1);
    controller.abort(reason);
    assert.is(await aborted.then(String, (error: unknown) => error), reason);
    await untilWaiting(client, key, 0);
    await rejects(first.enter({ timeoutMs: 50 }), { code: 'DEADLINE_EXCEEDED' });
    await untilWaiting(client, key, 0);

    const entering = first.enter();
    await untilWaiting(client, key, 1);
    await Promise.all([second.enter(), entering]);
    const late = await rejects(first.leave({ timeoutMs: 50 }), { code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' });
    assert.match(late.message, 'the others did not leave within timeoutMs');
    await untilWaiting(client, key, 1);
    await Promise.all([second.leave(), first.leave()]);
    assert.equal(await keysBelow(client, key), []);

    const alone = rejects(second.enter(), { code: 'SESSION_ENDED' });
    await untilWaiting(client, key, 1);
    await group.sessions[1]?.close();
    await alone;
  });

  test('BA-06 a participant whose key somebody deletes while it waits is told at once', async () => {
    const { client, key } = place();
    await using group = await participants([client], key, 2);
    const lost = rejects(group.all[0]?.enter() as Promise<void>, { code: 'LOCK_LOST' });
    await untilWaiting(client, key, 1);
    await client.kv.delete(`${key}/waiters/`, { prefix: true });
    await lost;
  });

  test('bad input and calls in the wrong order are refused by name', async () => {
    const { client, key } = place();
    const any = (value: unknown): never => value as never;
    const session = await openSession(client);
    assert.throws(() => barrier(client, ''), /^EMPTY_KEY: key must not be empty/);
    assert.throws(() => barrier(any(session), key), /^INVALID_ARGUMENT: client is no client/);
    assert.throws(() => doubleBarrier(any(client), key, 2), /^INVALID_ARGUMENT: session is no session: it is a client/);
    assert.throws(() => doubleBarrier(session, '', 2), /^EMPTY_KEY/);
    for (const count of [0, 1.5, -1, '2', undefined])
      assert.throws(() => doubleBarrier(session, key, any(count)), /^INVALID_ARGUMENT: count must be/);
    const one = barrier(client, key);
    await rejects(one.hold(any({ sesion: session })), /unknown option sesion; did you mean session\?/);
    await rejects(one.hold({ session: any(client) }), /^INVALID_ARGUMENT: session is no session: it is a client/);
    await rejects(one.wait(any({ timeout: 5 })), /unknown option timeout; did you mean timeoutMs\?/);
    await rejects(one.release(any({ force: true })), /unknown option force/);
    const two = doubleBarrier(session, key, 1);
    await rejects(two.leave(), /^FAILED_PRECONDITION: .*it is not in: enter first/);
    const entering = two.enter();
    await rejects(two.enter(), /^FAILED_PRECONDITION: .*it enters/);
    await entering;
    await rejects(two.enter(), /^FAILED_PRECONDITION: .*it is in: leave first/);
    await rejects(two.leave(any({ timeout: 5 })), /unknown option timeout/);
    const leaving = two.leave();
    await rejects(two.leave(), /^FAILED_PRECONDITION: .*it leaves/);
    await leaving;
    await session.close();
  });
}
