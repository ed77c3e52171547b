import { isEtcdError, keyMissing, op, type EtcdClient } from '@etcdts/core';
import { assert, rejects, suite } from '@etcdts/testing';
import { MarkedWrite, type Effort, type Step } from './marked-write.ts';
import { Marks } from './marks.ts';
import { Store, type Fate } from './store.test.kit.ts';

const test = suite('writes whose outcome is found out', { timeoutMs: 20_000 });
const effort: Effort = { options: {}, deadline: Infinity, repeat: true };

async function withStore(run: (store: Store, marks: Marks, client: EtcdClient) => Promise<void>): Promise<void> {
  const store = new Store();
  const { operations, client } = store.client();
  const lease = { id: 7n, isUsable: () => true, replaced: () => false };
  await run(store, new Marks(operations, Buffer.from('marks/'), async () => lease), client);
  await client.close();
}

/** The fates of the first transactions; those after them are answered. */
function fates(...first: readonly Fate[]): () => Fate {
  const left = [...first];
  return () => left.shift() ?? 'answered';
}

const add = (name: string): Step => ({ if: [], then: [op.put(name, 'x')] });

test('QU-03 a write whose reply or request is lost is applied once, and its outcome is known', async () => {
  for (const first of [
    ['lost reply'],
    ['lost request'],
    ['late'],
    ['lost reply', 'lost reply', 'lost request'],
    ['late', 'late'],
  ]) {
    await withStore(async (store, marks) => {
      store.fate = fates(...(first as Fate[]));
      const applied = await new MarkedWrite(marks, [add('a')]).run(effort);
      const { createRevision, modRevision } = store.keys.get('a') ?? {};
      assert.equal([applied?.step, applied?.revision, modRevision], [0, createRevision, createRevision], first.join());
      store.arrive();
      assert.is(store.keys.get('a')?.modRevision, modRevision);
    });
  }
});

test('QU-03 a request that arrives after its write has ended changes nothing, in 200 random runs', async () => {
  const kinds: readonly Fate[] = ['answered', 'lost reply', 'lost request', 'late', 'late', 'refused'];
  const random = (): Fate => kinds[Math.floor(Math.random() * kinds.length)] as Fate;
  await Promise.all(
    Array.from({ length: 200 }, () =>
      withStore(async (store, marks) => {
        // Each item is taken by whoever deletes it; a second writer takes some of them meanwhile.
        for (const name of ['a', 'b', 'c']) await new MarkedWrite(marks, [add(name)]).run(effort);
        store.fate = fates(...Array.from({ length: 5 }, random));
        const taken: string[] = [];
        const names = ['a', 'b', 'c'];
        for (let i = 0; i < 3; i++) {
          const steps = names.map((name) => ({
            if: [{ ...keyMissing(name), result: '=' as const, operand: 1n }],
            then: [op.delete(name)],
          }));
          const applied = await new MarkedWrite(marks, steps).run(effort);
          taken.push(applied === undefined ? 'none' : (names[applied.step] as string));
          if (Math.random() < 0.3) store.arrive();
        }
        store.arrive();
        assert.equal(taken, names);
        assert.not(names.some((name) => store.keys.has(name)));
      }),
    ),
  );
});

test('a write of which no condition holds writes nothing, not even its mark', async () => {
  await withStore(async (store, marks) => {
    await new MarkedWrite(marks, [add('a')]).run(effort);
    const { revision } = store;
    const missing = { if: [keyMissing('a')], then: [op.put('b', 'x')] };
    assert.is(await new MarkedWrite(marks, [missing, missing]).run(effort), undefined);
    assert.is(store.revision, revision);
    const second = await new MarkedWrite(marks, [missing, add('c'), add('d')]).run(effort);
    assert.equal([second?.step, store.keys.has('c'), store.keys.has('d')], [1, true, false]);
  });
});

test('QU-03 a try that arrives late is not applied although its conditions hold again', async () => {
  await withStore(async (store, marks) => {
    await new MarkedWrite(marks, [add('taken')]).run(effort);
    store.fate = fates('late');
    const late = new MarkedWrite(marks, [{ if: [keyMissing('taken')], then: [op.put('taken', 'late')] }]);
    store.arrives = false;
    assert.is(await late.run(effort), undefined);
    store.keys.delete('taken');
    store.arrive();
    assert.not(store.keys.has('taken'));
  });
});

test('without repeat, what was not applied is thrown at once, and what may have been is found out', async () => {
  const once = { ...effort, repeat: false };
  await withStore(async (store, marks) => {
    store.fate = fates('refused');
    await rejects(new MarkedWrite(marks, [add('a')]).run(once), { code: 'UNAVAILABLE', outcome: 'not-applied' });
    assert.is(store.requests.length, 1);
    store.fate = fates('lost request', 'refused');
    assert.is((await new MarkedWrite(marks, [add('a')]).run(once))?.step, 0);
  });
});

test('after its deadline, or without a lease, a write that may have been applied ends as unknown, and can run again', async () => {
  await withStore(async (store, marks) => {
    const write = new MarkedWrite(marks, [add('a')]);
    store.fate = () => 'lost reply';
    const over = AbortSignal.abort();
    const error = await rejects(write.run({ ...effort, until: over }), { outcome: 'unknown' });
    assert.ok(isEtcdError(error, 'UNAVAILABLE'));
    store.fate = () => 'answered';
    const applied = await write.run(effort);
    assert.is(applied?.revision, store.keys.get('a')?.createRevision);
    assert.is(store.requests.length, 2);
  });
});

test('an abort whose reason is an error of this client leaves the outcome open', async () => {
  await withStore(async (store, marks) => {
    const write = new MarkedWrite(marks, [add('a')]);
    const controller = new AbortController();
    store.fate = () => {
      controller.abort(new Error('enough'));
      return 'refused';
    };
    await rejects(write.run({ ...effort, signal: controller.signal }), /enough/);
    store.fate = () => 'refused';
    await rejects(write.run({ ...effort, until: AbortSignal.abort() }), { code: 'UNAVAILABLE', outcome: 'unknown' });
    store.fate = () => 'answered';
    assert.is((await write.run(effort))?.revision, store.keys.get('a')?.modRevision);
  });
});

test('QU-03 a write whose mark went with its lease before its outcome was found out is unknown, and is not sent again', async () => {
  await withStore(async (store, marks) => {
    await new MarkedWrite(marks, [add('a')]).run(effort);
    store.fate = fates('lost reply');
    const write = new MarkedWrite(marks, [{ if: [keyMissing('b')], then: [op.put('b', 'x')] }]);
    const ending = rejects(write.run(effort), { code: 'LEASE_NOT_FOUND', outcome: 'unknown' });
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(store.keys.delete('b'));
    for (const key of store.keys.keys()) if (key.startsWith('marks/')) store.keys.delete(key);
    await ending;
    assert.not(store.keys.has('b'));
  });
});

test('a mark is used again, and marks that are in use at once are different keys', async () => {
  await withStore(async (store, marks) => {
    for (let i = 0; i < 5; i++) await new MarkedWrite(marks, [add(`k${i}`)]).run(effort);
    const markKeys = (): string[] => [...store.keys.keys()].filter((key) => key.startsWith('marks/'));
    assert.is(markKeys().length, 1);
    await Promise.all(Array.from({ length: 5 }, (_, i) => new MarkedWrite(marks, [add(`p${i}`)]).run(effort)));
    assert.is(markKeys().length, 5);
  });
});

test.run();
