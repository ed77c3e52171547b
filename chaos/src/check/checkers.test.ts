// Each checker is given a true history, in which it finds nothing, and lies, each of which it must find by the rule that it breaks.
import { assert, suite } from '@etcdts/testing';
import type { GetAnswer, Operation, SeenEvent, WatchResponded } from '../history.ts';
import { judge } from '../judge-all.ts';
import { Simulation } from './simulation.test.kit.ts';

const test = suite('checkers of histories');

/** What all checkers find, as `checker: rule`, each once. */
function found(simulation: Simulation): readonly string[] {
  const all = judge(simulation.history()).flatMap(({ checker, found }) =>
    found.map(({ rule }) => `${checker}: ${rule}`),
  );
  return [...new Set(all)].sort();
}

function truth(): Simulation {
  const simulation = new Simulation();
  simulation.put('c/r/1', '1.1');
  simulation.get('c/r/1');
  simulation.swap('c/r/1', '1.1', '1.2');
  simulation.swap('c/r/1', '1.1', '1.3');
  simulation.put('c/d/01', '1.4');
  simulation.put('c/d/02', '1.5');
  simulation.do({ type: 'delete', key: 'c/d/01', end: 'c/d/03' });
  simulation.put('c/r/1', '1.6');
  simulation.get('c/r/1');
  simulation.do({ type: 'get', key: 'c/d/', end: 'c/d0' });
  return simulation;
}

/** Replaces one operation. */
function change(simulation: Simulation, index: number, with_: Partial<Operation>): void {
  simulation.operations[index] = { ...(simulation.operations[index] as Operation), ...with_ };
}

test('find nothing in a true history, and look at all of it', () => {
  const simulation = truth();
  simulation.watch({ key: 'c/', end: 'c0', prevKv: true });
  simulation.watch({ key: 'c/r/1' });
  assert.equal(found(simulation), []);
  const judged = judge(simulation.history());
  assert.equal(
    judged.map(({ checker }) => checker),
    ['A', 'B', 'B (lists)', 'watches', 'leases', 'leased keys', 'locks'],
  );
  assert.is(judged[0]?.looked.get('answers'), 10);
  assert.is(judged[1]?.looked.get('operations'), 6);
  assert.is(judged[3]?.looked.get('events'), 10);
});

const LIES: Readonly<Record<string, readonly [rules: readonly string[], lie: (simulation: Simulation) => void]>> = {
  'an acknowledged put that is not there': [
    ['A: acknowledged'],
    (simulation) => {
      simulation.operations.push({
        ...(simulation.operations[4] as Operation),
        ...{ request: { type: 'put', key: 'c/d/09', value: '1.9' }, call: 9_000, return: 9_001, revision: 9 },
      });
    },
  ],
  'a put that is there, though it was not applied': [
    ['A: nobody', 'A: not-applied', 'B: linearizable', 'B: not-applied'],
    (simulation) => {
      simulation.put('c/r/2', '1.7');
      simulation.get('c/r/2');
      const index = simulation.operations.length - 2;
      const { revision: _, answer: __, ...failed } = simulation.operations[index] as Operation;
      simulation.operations[index] = { ...failed, error: { code: 'UNAVAILABLE', outcome: 'not-applied' } };
    },
  ],
  'a put that is there twice': [
    ['A: at most once', 'A: nobody'],
    (simulation) => {
      simulation.put('c/d/05', '1.8');
      simulation.put('c/d/05', '1.8');
      simulation.operations.pop();
    },
  ],
  'a read of an older state than was read before': [
    ['A: stale', 'B: linearizable'],
    (simulation) => {
      const old = simulation.operations[1] as Operation;
      simulation.operations.push({ ...old, call: simulation.time, return: simulation.time + 5 });
    },
  ],
  'a read with a value that the state does not have': [
    ['A: state', 'B: linearizable'],
    (simulation) => {
      const { kvs } = (simulation.operations[8] as Operation).answer as GetAnswer;
      change(simulation, 8, {
        answer: { type: 'get', kvs: kvs.map((kv) => ({ ...kv, value: '1.1' })), count: 1, more: false },
      });
    },
  ],
  'a count that is wrong': [
    ['A: count'],
    (simulation) => change(simulation, 9, { answer: { type: 'get', kvs: [], count: 1, more: false } }),
  ],
  'a transaction that succeeded without its condition': [
    ['A: compare', 'B: linearizable'],
    (simulation) => {
      const { request } = simulation.operations[3] as Operation;
      simulation.put('c/r/1', '1.3');
      const answer = { type: 'txn', succeeded: true, answers: [{ type: 'put' }] } as const;
      change(simulation, simulation.operations.length - 1, { request, answer });
    },
  ],
  'a deletion of fewer keys than there were': [
    ['A: deleted'],
    (simulation) => change(simulation, 6, { answer: { type: 'delete', deleted: 1 } }),
  ],
  'a revision of nobody': [['A: nobody'], (simulation) => void simulation.operations.splice(4, 1)],
  'a read of what was written after it had ended': [
    ['A: future', 'A: real time', 'A: stale', 'B: linearizable'],
    (simulation) => change(simulation, 8, { call: 1_001, return: 1_002 }),
  ],
  'a lease that a put does not have': [
    ['A: acknowledged'],
    (simulation) => change(simulation, 4, { request: { type: 'put', key: 'c/d/01', value: '1.4', lease: '7' } }),
  ],
  'a list that was read without an element that it had': [
    ['A: stale', 'B (lists): stale'],
    (simulation) => {
      const append = (elements: string, mod: number): Operation =>
        simulation.do({
          type: 'txn',
          compares: [{ key: 'c/l/0', target: 'mod', value: mod }],
          success: [{ type: 'put', key: 'c/l/0', value: elements }],
          failure: [],
        });
      append('a', 0);
      const old = simulation.get('c/l/0');
      append('a b', simulation.revision);
      simulation.get('c/l/0');
      simulation.operations.push({ ...old, call: simulation.time, return: simulation.time + 5 });
    },
  ],
};

for (const [name, [rules, lie]] of Object.entries(LIES)) {
  test(`find ${name}`, () => {
    const simulation = truth();
    lie(simulation);
    assert.equal(found(simulation), [...rules].sort());
  });
}

/** The responses of the watch of all keys, as a test changes them. */
function watched(lie: (responses: WatchResponded[]) => WatchResponded[], prevKv = false): readonly string[] {
  const simulation = truth();
  // Two keys in one revision.
  simulation.do({
    type: 'txn',
    compares: [],
    success: ['a', 'b'].map((side) => ({ type: 'put', key: `c/p/0/${side}`, value: '2.1' })),
    failure: [],
  });
  simulation.put('c/r/1', '2.2');
  simulation.watch({ key: 'c/', end: 'c0', prevKv });
  const [opened, ended] = [simulation.watches[0], simulation.watches.at(-1)];
  const responses = simulation.watches.slice(1, -1) as WatchResponded[];
  simulation.watches.splice(0, Infinity, opened as never, ...lie(responses), ended as never);
  return found(simulation).map((rule) => rule.replace('watches: ', ''));
}

const bookmark = (response: WatchResponded, revision: number): WatchResponded => ({
  ...response,
  ...{ kind: 'progress', revision, events: [] },
});

const WATCHES: Readonly<
  Record<string, readonly [rules: readonly string[], lie: (r: WatchResponded[]) => WatchResponded[]]>
> = {
  nothing: [[], (responses) => responses],
  'an event that is left out': [['reliable'], (responses) => responses.toSpliced(2, 1)],
  'an event that comes again': [
    ['atomic', 'unique'],
    (responses) => responses.toSpliced(2, 0, responses[1] as WatchResponded),
  ],
  'events in another order': [
    ['ordered', 'reliable', 'unique'],
    (responses) => [responses[1] as WatchResponded, responses[0] as WatchResponded, ...responses.slice(2)],
  ],
  'a revision in two responses': [
    ['atomic'],
    (responses) => responses.flatMap((response) => response.events.map((event) => ({ ...response, events: [event] }))),
  ],
  'half a revision': [
    ['atomic', 'reliable'],
    (responses) => responses.map((response) => ({ ...response, events: response.events.slice(0, 1) })),
  ],
  'a bookmark before its events': [
    ['bookmarkable'],
    (responses) => responses.toSpliced(1, 0, bookmark(responses[0] as WatchResponded, 4)),
  ],
  'a bookmark that goes back': [
    ['bookmarkable'],
    (responses) => [...responses, ...[20, 19].map((revision) => bookmark(responses[0] as WatchResponded, revision))],
  ],
  'an event of another key': [
    ['filter'],
    (responses) =>
      responses.map((response, i) =>
        i === 0 ? { ...response, events: [...response.events, other(response.events[0] as SeenEvent)] } : response,
      ),
  ],
  'a creation that is none': [
    ['isCreate'],
    (responses) =>
      responses.map((response) => ({
        ...response,
        events: response.events.map((event) => ({ ...event, isCreate: true })),
      })),
  ],
  'a previous value that was not requested': [
    ['prevKv'],
    (responses) =>
      responses.map((response) => ({
        ...response,
        events: response.events.map((event) => ({ ...event, prevKv: event.kv })),
      })),
  ],
};

function other(event: SeenEvent): SeenEvent {
  return { ...event, kv: { ...event.kv, key: 'd' } };
}

for (const [name, [rules, lie]] of Object.entries(WATCHES)) {
  test(`find in a watch ${name}`, () => assert.equal(watched(lie), [...rules].sort()));
}

test('find a previous value that is not what was there', () => {
  assert.equal(
    watched((responses) => responses, true),
    [],
  );
  const without = (responses: WatchResponded[]): WatchResponded[] =>
    responses.map((response) => ({ ...response, events: response.events.map(({ prevKv: _, ...event }) => event) }));
  assert.equal(watched(without, true), ['prevKv']);
});

test('find a watch that ends for a compaction of what it does not need, with another error, or never', () => {
  for (const [ended, rules] of [
    [{ code: 'COMPACTED', compactRevision: 3 }, ['resumable']],
    [{ code: 'COMPACTED', compactRevision: 100 }, []],
    [{ code: 'INTERNAL' }, ['resumable']],
  ] as const) {
    const simulation = truth();
    simulation.watch({ key: 'c/', end: 'c0' });
    simulation.watches[simulation.watches.length - 1] = { ...simulation.watches.at(-1), ...ended } as never;
    assert.equal(
      found(simulation),
      rules.map((rule) => `watches: ${rule}`),
    );
  }
  const endless = truth();
  endless.watch({ key: 'c/', end: 'c0' });
  endless.watches.pop();
  assert.equal(found(endless), ['watches: reliable']);
});

test('find a lease that is read as alive after its key is gone', () => {
  for (const [late, rules] of [
    [-1, []],
    [10, ['leases: signal']],
  ] as const) {
    const simulation = new Simulation();
    simulation.put('c/k/7', '1.1', '7');
    simulation.do({ type: 'delete', key: 'c/k/7' });
    const gone = simulation.revisions.at(-1)?.at as number;
    simulation.leases.push({ type: 'lease', process: 1, lease: '7', at: gone + late, what: 'open' });
    assert.equal(found(simulation), rules);
    // A leader that was paused may have revoked it: that is etcd's own fault, and counted.
    simulation.faults.push({
      type: 'fault',
      kind: 'pause',
      to: 'member-1',
      at: gone - 2_000_000,
      until: gone - 1_000_000,
    });
    assert.equal(found(simulation), []);
    const [counted] = judge(simulation.history()).flatMap(({ looked }) =>
      [...looked].filter(([what]) => /#15247/.test(what)),
    );
    assert.is(counted?.[1] ?? 0, late > 0 ? 1 : 0);
  }
});

test('count a lease that etcd revokes before the time is up that it has acknowledged, and find one that is late after it', () => {
  for (const [ago, rules, counted] of [
    [500_000, [], 1],
    [3_000_000, ['leases: signal'], 0],
  ] as const) {
    const simulation = new Simulation();
    simulation.put('c/k/7', '1.1', '7');
    simulation.do({ type: 'delete', key: 'c/k/7' });
    const gone = simulation.revisions.at(-1)?.at as number;
    const seen = { type: 'lease', process: 1, lease: '7' } as const;
    simulation.leases.push({ ...seen, at: gone - ago, what: 'kept', ttl: 3 }, { ...seen, at: gone + 10, what: 'open' });
    assert.equal(found(simulation), rules);
    const early = judge(simulation.history()).flatMap(({ looked }) =>
      [...looked].filter(([what]) => /before its acknowledged time/.test(what)),
    );
    assert.equal(early.length, counted);
  }
});

test('find a key that outlives its lease', () => {
  const rules = (after: (simulation: Simulation) => void): readonly string[] => {
    const simulation = new Simulation();
    simulation.put('c/k/7', '1.1', '7');
    after(simulation);
    return found(simulation).filter((rule) => rule.startsWith('leased keys'));
  };
  const revoke = { type: 'revoke', lease: '7' } as const;
  const forget = { type: 'delete', key: 'c/k/7' } as const;
  assert.equal(
    rules((simulation) => (simulation.do(forget), simulation.do(revoke))),
    [],
  );
  assert.equal(
    rules((simulation) => (simulation.put('c/k/7', '1.2'), simulation.do(revoke))),
    [],
  );
  assert.equal(
    rules(() => {}),
    ['leased keys: outlived'],
  );
  assert.equal(
    rules((simulation) => (simulation.do(revoke), simulation.do(forget))),
    ['leased keys: revoked'],
  );
  assert.equal(
    rules((simulation) => {
      for (const request of [forget, revoke]) simulation.do(request);
      simulation.put('c/k/7', '1.3', '7');
      simulation.do(forget);
    }),
    ['leased keys: late'],
  );
});

test('find two holders of a lock at a time, and a token that does not grow', () => {
  const held = (process: number, token: number, from: number, to: number, name = 'lock/a'): Simulation['locks'] =>
    (['held', 'open'] as const).map((what, i) => ({
      type: 'lock',
      process,
      name,
      at: i === 0 ? from : to,
      what,
      token,
    }));
  for (const [spans, rules] of [
    [[...held(1, 5, 10, 20), ...held(2, 6, 21, 30), ...held(2, 7, 11, 19, 'lock/b')], []],
    [[...held(1, 5, 10, 20), ...held(2, 6, 19, 30)], ['locks: exclusive']],
    [[...held(1, 5, 10, 20), ...held(2, 5, 21, 30)], ['locks: token']],
  ] as const) {
    const simulation = new Simulation();
    simulation.locks.push(...spans);
    assert.equal(found(simulation), rules);
  }
});

test.run();
