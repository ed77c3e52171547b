import type { EtcdOperations, KeyValue } from '@etcdts/core';
import { deferred, eventually, rejects } from '../eventually.ts';
import { assert } from '../suite.ts';
import type { Suite } from '../suite.ts';
import type { ContestedElection, ElectionFunctions, ElectionSession } from './election-functions.ts';
import { freshPrefix } from './fresh-prefix.ts';

/** The keys of the candidates, the oldest first. */
export async function candidates(client: EtcdOperations, name: string): Promise<readonly KeyValue[]> {
  const sort = { by: 'createRevision', order: 'ascend' } as const;
  return (await client.kv.get(`${name}/`, { prefix: true, sort })).kvs;
}

/** Waits until an election has so many candidates. */
export async function candidatesAre(client: EtcdOperations, name: string, count: number): Promise<void> {
  const are = async (): Promise<boolean> => (await candidates(client, name)).length === count;
  await eventually(are, { describe: `${count} candidates` });
}

/** The name of an election that no other test has. */
export function freshElection(): string {
  return `${freshPrefix()}election`;
}

/** Adds the tests of campaigns: who leads when, and what a campaign leaves behind. */
export function electionCampaigns<S extends ElectionSession, E extends ContestedElection>(
  test: Suite,
  client: () => EtcdOperations,
  { openSession, election, leader }: ElectionFunctions<S, E>,
): void {
  test('a campaign puts its value under the name and the lease, and names that begin alike do not disturb it (EL-01, EL-02, EL-07, TestElectionOnPrefixOfExistingKey)', async () => {
    const name = freshElection();
    await client().kv.put(`${name}s/1`, 'another election');
    await client().kv.put(name, 'no candidate');
    await using session = await openSession(client());
    assert.is(await leader(client(), name), undefined);
    await using leadership = await election(session, name).campaign('mine');
    const [kv] = await candidates(client(), name);
    assert.is(kv?.key.toString(), `${name}/${session.lease.toString(16)}`);
    assert.equal([kv?.text(), kv?.lease, kv?.createRevision], ['mine', session.lease, leadership.revision]);
    assert.equal(leadership.key, kv?.key);
    for (const seen of [await leader(client(), name), await election(session, name).leader()]) {
      assert.equal([seen?.kv.key, seen?.kv.text()], [leadership.key, 'mine']);
      assert.ok(seen && seen.revision >= leadership.revision);
    }
  });

  test('candidates lead one at a time, in the order of their create revisions, after a resignation or the end of a session (EL-03, EL-07, TestElectionWait, TestElectionFailover)', async () => {
    const name = freshElection();
    const order: string[] = [];
    const revisions: bigint[] = [];
    let leading = 0;
    const all = deferred();
    const terms: Promise<void>[] = [];
    for (const [i, value] of ['a', 'b', 'c', 'd'].entries()) {
      const session = await openSession(client());
      const term = async (): Promise<void> => {
        const leadership = await election(session, name).campaign(value);
        assert.is(++leading, 1);
        order.push(value);
        revisions.push(leadership.revision);
        assert.is((await leader(client(), name))?.kv.text(), value);
        await all.promise;
        leading--;
        if (i % 2 === 0) assert.is(await leadership.resign(), true);
        await session.close();
      };
      terms.push(term());
      await eventually(async () => (await candidates(client(), name)).some((kv) => kv.lease === session.lease));
    }
    all.resolve();
    await Promise.all(terms);
    assert.equal(order, ['a', 'b', 'c', 'd']);
    assert.equal(
      revisions,
      revisions.toSorted((a, b) => Number(a - b)),
    );
    assert.is(await leader(client(), name), undefined);
  });

  test('a second campaign of one session replaces its value and keeps its revision (EL-02, TestElectionSessionRecampaign)', async () => {
    const name = freshElection();
    await using session = await openSession(client());
    const before = await election(session, name).campaign('before');
    const after = await election(session, name).campaign('after');
    assert.is(after.revision, before.revision);
    assert.equal(
      (await candidates(client(), name)).map((kv) => kv.text()),
      ['after'],
    );
    assert.not(before.signal.aborted);
    assert.is(await after.resign(), true);
    await eventually(() => before.signal.aborted);
  });

  test('a campaign that is aborted, or whose time is over, rejects and leaves no candidate (EL-04, MX-09)', async () => {
    const name = freshElection();
    await using one = await openSession(client());
    await using two = await openSession(client());
    await using leadership = await election(one, name).campaign('1');
    const ending = new AbortController();
    const aborted = election(two, name).campaign('2', { signal: ending.signal });
    await candidatesAre(client(), name, 2);
    ending.abort('enough');
    assert.is(await aborted.catch((reason: unknown) => reason), 'enough');
    await candidatesAre(client(), name, 1);
    await rejects(election(two, name).campaign('2', { timeoutMs: 300 }), { code: 'DEADLINE_EXCEEDED' });
    await candidatesAre(client(), name, 1);
    assert.not(leadership.signal.aborted);
  });

  test('a candidate whose key is deleted rejects, and so does one whose session ends; neither leads later (EL-03, EL-04)', async () => {
    const name = freshElection();
    await using one = await openSession(client());
    await using two = await openSession(client());
    const leadership = await election(one, name).campaign('1');
    const deleted = rejects(election(two, name).campaign('2'), { code: 'LOCK_LOST' });
    await candidatesAre(client(), name, 2);
    await client().kv.delete(`${name}/${two.lease.toString(16)}`);
    await deleted;
    const ended = rejects(election(two, name).campaign('2'), { code: 'SESSION_ENDED' });
    await candidatesAre(client(), name, 2);
    await two.close();
    await ended;
    await candidatesAre(client(), name, 1);
    await leadership.resign();
    assert.is(await leader(client(), name), undefined);
  });

  test('a compaction while a candidate waits disturbs neither it nor the leader (EL-03, MX-07)', async () => {
    const name = freshElection();
    await using one = await openSession(client());
    await using two = await openSession(client());
    const leadership = await election(one, name).campaign('1');
    const waiting = election(two, name).campaign('2');
    await candidatesAre(client(), name, 2);
    const { header } = await client().kv.put(`${name}-other`, '');
    await client().kv.compact(header.revision);
    assert.not(leadership.signal.aborted);
    await leadership.resign();
    assert.not((await waiting).signal.aborted);
    assert.is((await leader(client(), name))?.kv.text(), '2');
  });
}
