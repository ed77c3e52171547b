import { isEtcdError, op, type EtcdOperations } from '@etcdts/core';
import { eventually, rejects } from '../eventually.ts';
import { assert } from '../suite.ts';
import type { Suite } from '../suite.ts';
import { candidates, candidatesAre, freshElection } from './election-campaigns.ts';
import type { ContestedElection, ElectionFunctions, ElectionSession, HeldLead } from './election-functions.ts';

/** Adds the tests of leaderships: guards, signals, resignations, and `lead`. */
export function electionLeaderships<S extends ElectionSession, E extends ContestedElection>(
  test: Suite,
  client: () => EtcdOperations,
  { openSession, election, leader, lead }: ElectionFunctions<S, E>,
): void {
  const guarded = async (name: string, leadership: HeldLead): Promise<boolean> =>
    (await client().kv.txn({ if: [leadership.isLeader()], then: [op.put(`${name}-guarded`, '')] })).succeeded;

  test('isLeader guards a transaction until the leader resigns, and the signal aborts when resign is called (EL-06, EL-14)', async () => {
    const name = freshElection();
    await using session = await openSession(client());
    const leadership = await election(session, name).campaign('1');
    assert.is(await guarded(name, leadership), true);
    assert.not(leadership.signal.aborted);
    const resigning = leadership.resign();
    assert.ok(isEtcdError(leadership.signal.reason, 'CANCELLED'));
    assert.is(await resigning, true);
    assert.is(await leadership.resign(), true);
    assert.is((await candidates(client(), name)).length, 0);
    assert.is(await guarded(name, leadership), false);
    await rejects(leadership.proclaim('2'), { code: 'ELECTION_NOT_LEADER', outcome: 'not-applied' });
    assert.is((await candidates(client(), name)).length, 0);
  });

  test('a leadership whose key is deleted is lost, and touches no newer one of the same session (EL-05, EL-06, EL-14)', async () => {
    const name = freshElection();
    await using session = await openSession(client());
    const stale = await election(session, name).campaign('old');
    await client().kv.delete(stale.key);
    await eventually(() => stale.signal.aborted);
    assert.ok(isEtcdError(stale.signal.reason, 'LOCK_LOST'));
    const leadership = await election(session, name).campaign('new');
    assert.ok(leadership.revision > stale.revision);
    assert.is(await guarded(name, stale), false);
    assert.is(await guarded(name, leadership), true);
    await rejects(stale.proclaim('old'), { code: 'ELECTION_NOT_LEADER' });
    assert.is(await stale.resign(), false);
    assert.not(leadership.signal.aborted);
    assert.is((await leader(client(), name))?.kv.text(), 'new');
  });

  test('a proclamation brings no key back that is deleted at the same time (EL-05)', async () => {
    const name = freshElection();
    await using session = await openSession(client());
    for (let i = 0; i < 20; i++) {
      const leadership = await election(session, name).campaign('1');
      const deleting = client().kv.delete(leadership.key);
      const error = await leadership.proclaim('2').catch((reason: unknown) => reason);
      assert.ok(error === undefined || isEtcdError(error, 'ELECTION_NOT_LEADER'), String(error));
      assert.is((await deleting).deleted, 1);
      await eventually(() => leadership.signal.aborted);
      assert.is((await candidates(client(), name)).length, 0);
    }
  });

  test('the signal of a leadership aborts with its session, and its guard fails then (EL-14)', async () => {
    const name = freshElection();
    await using session = await openSession(client());
    const leadership = await election(session, name).campaign('1');
    const closing = session.close();
    assert.ok(isEtcdError(leadership.signal.reason, 'SESSION_ENDED'));
    await closing;
    assert.is(await guarded(name, leadership), false);
    assert.is(await leader(client(), name), undefined);
  });

  test('a session that adopts the lease resumes the leadership, but no candidacy and no other one (EL-13, TestResumeElection)', async () => {
    const name = freshElection();
    await using one = await openSession(client());
    await using two = await openSession(client());
    const before = await election(one, name).campaign('1');
    const waiting = election(two, name).campaign('2');
    await candidatesAre(client(), name, 2);
    const [, second] = await candidates(client(), name);
    assert.ok(second?.text() === '2');
    assert.is(await election(two, name).resume(second.key, second.createRevision), undefined);
    assert.is(await election(two, name).resume(before.key, before.revision), undefined);
    await one.orphan();
    assert.ok(before.signal.aborted);
    await using adopted = await openSession(client(), { lease: one.lease });
    assert.is(await election(adopted, name).resume(before.key, before.revision - 1n), undefined);
    const resumed = await election(adopted, name).resume(before.key, before.revision);
    assert.equal([resumed?.key, resumed?.revision], [before.key, before.revision]);
    await resumed?.proclaim('back');
    assert.is((await leader(client(), name))?.kv.text(), 'back');
    assert.is(await resumed?.resign(), true);
    await (await waiting).resign();
    assert.is(await election(adopted, name).resume(before.key, before.revision), undefined);
  });

  test('lead runs its body while it leads, resigns, and resolves with its value or rejects with its error', async () => {
    const name = freshElection();
    await using one = await openSession(client());
    await using two = await openSession(client());
    let inside = 0;
    const work =
      (value: string) =>
      async (signal: AbortSignal, leadership: HeldLead): Promise<string> => {
        assert.is(++inside, 1);
        assert.not(signal.aborted);
        assert.is((await leader(client(), name))?.kv.text(), value);
        assert.is(await guarded(name, leadership), true);
        await leadership.proclaim(`${value} works`);
        inside--;
        return value;
      };
    const both = [lead(election(one, name), 'a', work('a')), lead(election(two, name), 'b', work('b'))];
    assert.equal(await Promise.all(both), ['a', 'b']);
    const failure = new Error('the body');
    const failing = lead(election(one, name), 'a', () => Promise.reject(failure));
    assert.is(await failing.catch((error: unknown) => error), failure);
    assert.is((await candidates(client(), name)).length, 0);
  });

  test('lead campaigns again after a loss, until its signal aborts', async () => {
    const name = freshElection();
    await using session = await openSession(client());
    const ending = new AbortController();
    const terms: HeldLead[] = [];
    const untilLost = (signal: AbortSignal, leadership: HeldLead): Promise<never> =>
      new Promise((_, reject) => {
        terms.push(leadership);
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    const leading = lead(election(session, name), '1', untilLost, { signal: ending.signal });
    await eventually(() => terms.length === 1);
    await client().kv.delete(`${name}/`, { prefix: true });
    await eventually(() => terms.length === 2);
    assert.ok((terms[1]?.revision ?? 0n) > (terms[0]?.revision ?? 0n));
    ending.abort('enough');
    assert.is(await leading.catch((reason: unknown) => reason), 'enough');
    assert.is((await candidates(client(), name)).length, 0);
  });
}
