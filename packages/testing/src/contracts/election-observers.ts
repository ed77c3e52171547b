import type { EtcdOperations } from '@etcdts/core';
import { assert } from '../suite.ts';
import type { Suite } from '../suite.ts';
import { candidatesAre, freshElection } from './election-campaigns.ts';
import type { ContestedElection, ElectionFunctions, ElectionSession, SeenLeader } from './election-functions.ts';

/** Adds the tests of observers, with a session and without one. */
export function electionObservers<S extends ElectionSession, E extends ContestedElection>(
  test: Suite,
  client: () => EtcdOperations,
  { openSession, election, observeElection }: ElectionFunctions<S, E>,
): void {
  type Observer = AsyncIterator<SeenLeader | undefined>;
  const begin = (observed: AsyncIterable<SeenLeader | undefined>): Observer => observed[Symbol.asyncIterator]();
  /** The value of the next leader, or `vacant`. */
  const next = async (observer: Observer): Promise<string> => {
    const { value, done } = await observer.next();
    assert.not(done);
    return value === undefined ? 'vacant' : value.kv.text();
  };

  test('an observer begins with the present leader, and sees each next one, but no candidate that waits (EL-08, EL-12)', async () => {
    const name = freshElection();
    await using one = await openSession(client());
    await using two = await openSession(client());
    const first = await election(one, name).campaign('first');
    const observers = [begin(observeElection(client(), name)), begin(election(two, name).observe())];
    for (const observer of observers) {
      const { value } = await observer.next();
      assert.equal([value?.kv.key, value?.kv.text()], [first.key, 'first']);
      assert.is(value?.kv.createRevision, first.revision);
    }
    const waiting = election(two, name).campaign('second');
    await candidatesAre(client(), name, 2);
    await first.proclaim('first again');
    for (const observer of observers) assert.is(await next(observer), 'first again');
    await first.resign();
    const second = await waiting;
    for (const observer of observers) {
      const { value } = await observer.next();
      assert.equal([value?.kv.key, value?.kv.text()], [second.key, 'second']);
      assert.ok(value && value.revision > first.revision);
      await observer.return?.();
    }
  });

  test('observers see each proclamation, in the order of the calls, one of the same value too (EL-05, EL-08, TestElectionObserveFreshResponsesOnProclaim)', async () => {
    const name = freshElection();
    await using session = await openSession(client());
    await using leadership = await election(session, name).campaign('0');
    const observers = [begin(observeElection(client(), name)), begin(election(session, name).observe())];
    for (const observer of observers) assert.is(await next(observer), '0');
    const values = Array.from({ length: 20 }, (_, i) => String(i >> 1));
    await Promise.all(values.map((value) => leadership.proclaim(value)));
    for (const observer of observers) {
      let revision = leadership.revision;
      for (const expected of values) {
        const { value } = await observer.next();
        assert.is(value?.kv.text(), expected);
        assert.ok(value.revision > revision);
        revision = value.revision;
      }
      await observer.return?.();
    }
  });

  test('vacancies are seen by an observer that wants them, at the start too, and by no other (EL-08)', async () => {
    const name = freshElection();
    await using session = await openSession(client());
    const observer = begin(election(session, name).observe({ vacancies: true }));
    const other = begin(observeElection(client(), name));
    const seenByOther = [next(other), next(other)];
    assert.is(await next(observer), 'vacant');
    for (const [i, seen] of seenByOther.entries()) {
      const value = `leader ${i}`;
      const leadership = await election(session, name).campaign(value);
      assert.equal([await next(observer), await seen], [value, value]);
      await leadership.resign();
      assert.is(await next(observer), 'vacant');
    }
    await Promise.all([observer.return?.(), other.return?.()]);
  });

  test('an observer sees a leader whose key is older than a compaction, and goes on after one (EL-09, TestElectionObserveCompacted)', async () => {
    const name = freshElection();
    await using session = await openSession(client());
    await using leadership = await election(session, name).campaign('1');
    const compact = async (): Promise<void> => {
      const { header } = await client().kv.put(`${name}-other`, '');
      await client().kv.compact(header.revision);
    };
    await compact();
    const observer = begin(observeElection(client(), name));
    assert.is(await next(observer), '1');
    await compact();
    await leadership.proclaim('2');
    assert.is(await next(observer), '2');
    await observer.return?.();
  });

  test('an abort ends an observer with its reason, before the first leader and after (EL-10)', async () => {
    const name = freshElection();
    await using session = await openSession(client());
    const ending = new AbortController();
    const { signal } = ending;
    const early = begin(observeElection(client(), name, { signal })).next();
    const late = begin(election(session, name).observe({ signal, vacancies: true }));
    assert.is(await next(late), 'vacant');
    ending.abort('enough');
    for (const end of [early, late.next()]) assert.is(await end.catch((reason: unknown) => reason), 'enough');
  });
}
