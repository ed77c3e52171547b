// runs alone
// limit: 1200 s
// The first build of the judge takes minutes, and both cores.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, suite } from '@etcdts/testing';
import type { Operation, SeenEvent } from '../history.ts';
import { judgeByEtcd, type Judgement, type JudgeOptions } from './judge.ts';
import { LIES, responsesOf } from './lies.test.kit.ts';
import { readLog, revisionsOf } from './log.ts';
import { JudgeProgram } from './program.ts';
import { record, type Recorded } from './record.test.kit.ts';

const test = suite("judgement by etcd's validators", { timeoutMs: 580_000, hookTimeoutMs: 1_100_000 });

/** The checks, in their order. */
const CHECKS = [
  'persisted',
  'real-time',
  'linearization',
  'watch-filter',
  'watch-ordered',
  'watch-unique',
  'watch-atomic',
  'watch-bookmarkable',
  'watch-resumable',
  'watch-reliable',
  'watch-prev-kv',
  'watch-is-create',
  'serializable',
];

const folder = mkdtempSync(join(tmpdir(), 'etcdts-judge-'));
let program: JudgeProgram | undefined;
let missing = 'it needs Go';
let recorded: Recorded;

test.before(async () => {
  try {
    program = await JudgeProgram.find();
  } catch (error) {
    // As where there is no network.
    missing = `the judge cannot be built: ${(error as Error).message}`;
  }
  if (program !== undefined) recorded = await record(program);
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

function judge(
  skip: (reason: string) => never,
  change: (history: Recorded) => unknown = () => {},
  options: Partial<JudgeOptions> = {},
): Promise<Judgement> {
  const by = program ?? skip(missing);
  const copy = structuredClone(recorded);
  change(copy);
  return judgeByEtcd(by, copy, { folder, ...options });
}

const all = ({ verdicts }: Judgement): string[] => verdicts.map(({ check, result }) => `${check}: ${result}`);
const broken = ({ verdicts }: Judgement): string[] =>
  verdicts.filter(({ result }) => result !== 'ok').map(({ check }) => check);

test('a true history is accepted, and every check has something to judge', async ({ skip }) => {
  const judgement = await judge(skip);
  assert.equal(
    all(judgement),
    CHECKS.map((check) => `${check}: ok`),
  );
  for (const { check, count } of judgement.verdicts) assert.ok(count > 0, `${check} has judged ${count}`);
  assert.is(judgement.scopes, 1);
  assert.equal(judgement.leftOut, { 'put that is not in the log': 4, 'serializable read from the linearization': 24 });
});

test('a true history is accepted in many parts', async ({ skip }) => {
  const judgement = await judge(skip, undefined, { size: 25 });
  assert.equal(
    all(judgement),
    CHECKS.map((check) => `${check}: ok`),
  );
  assert.ok(judgement.scopes >= 5, `${judgement.scopes} parts`);
});

test('the log has the events that a watch delivers, in the same revisions', ({ skip }) => {
  if (program === undefined) skip(missing);
  const seen = new Map<number, SeenEvent[]>();
  for (const { events } of responsesOf(recorded)) {
    for (const event of events) seen.set(event.kv.mod, [...(seen.get(event.kv.mod) ?? []), event]);
  }
  const logged = revisionsOf(recorded.log);
  assert.equal(
    logged,
    [...seen].map(([revision, events]) => ({ revision, events })),
  );
});

for (const [name, checks, change] of LIES) {
  test(`${name} is found by ${checks.join(' and ')}`, async ({ skip }) => {
    assert.equal(broken(await judge(skip, change)), checks);
  });
}

test('lies are found in a history of many parts', async ({ skip }) => {
  for (const [name, checks, change] of LIES) {
    const found = broken(await judge(skip, change, { size: 40 }));
    // Its revision is of a part that was over when it was called.
    const expected = name === 'a linearizable read of the past' ? ['real-time'] : checks;
    for (const check of expected) {
      assert.ok(found.includes(check), `${name} is found by ${found.join(' and ') || 'none'}, not by ${check}`);
    }
  }
});

test('an operation without an answer is accepted, whether it is in the log or not', async ({ skip }) => {
  const judgement = await judge(skip, ({ operations }) => {
    const error = { code: 'UNAVAILABLE', outcome: 'unknown' } as const;
    for (const [i, operation] of operations.entries()) {
      const { answer: _answer, revision: _revision, ...rest } = operation;
      if (i % 5 === 1) operations[i] = { ...rest, error };
    }
    const { answer: _answer, revision: _revision, ...first } = operations[0] as Operation;
    operations.push({ ...first, request: { type: 'put', key: 'k/1', value: 'lost' }, error });
  });
  assert.equal(broken(judgement), []);
  assert.ok((judgement.leftOut['put that is not in the log'] ?? 0) > 0);
});

test('a revocation that was repeated is accepted with the revision of its last answer', async ({ skip }) => {
  const judgement = await judge(skip, ({ operations }) => {
    const at = operations.findIndex(({ request }) => request.type === 'revoke');
    const { revision = 0, ...revoked } = operations[at] as Operation;
    operations[at] = { ...revoked, revision: revision + 1 };
  });
  assert.equal(broken(judgement), []);
  assert.is(judgement.leftOut['revoke that was settled'], 1);
});

test('a history of slow answers is decided', async ({ skip }) => {
  const judgement = await judge(
    skip,
    ({ operations }) => {
      for (const [i, operation] of operations.entries()) {
        operations[i] = {
          ...operation,
          call: Math.max(1, operation.call - 100_000),
          return: operation.return + 100_000,
        };
      }
    },
    { timeoutSeconds: 3 },
  );
  assert.equal(broken(judgement), []);
});

test('a search that takes too long is undecided', async ({ skip }) => {
  const judgement = await judge(
    skip,
    ({ operations }) => {
      // So many reads at a time have 2 to the power of 40 subsets, and none helps the one that is wrong.
      const last = operations.at(-1) as Operation;
      const [call, end] = [last.return + 10, last.return + 20];
      const read = { ...last, call, return: end, request: { type: 'get', key: 'k/none' } } as const;
      const answer = { type: 'get', kvs: [], count: 0, more: false } as const;
      for (let i = 0; i < 40; i++) operations.push({ ...read, client: 10 + i, answer });
      operations.push({ ...read, client: 9, return: end + 5, answer: { ...answer, count: 1 } });
    },
    { timeoutSeconds: 1 },
  );
  assert.equal(
    all(judgement).filter((line) => !line.endsWith(': ok')),
    ['linearization: undecided'],
  );
});

test('what is no history is refused', async ({ skip }) => {
  const by = program ?? skip(missing);
  const nothing = await by.run(['check', join(folder, 'nowhere'), '1'], () => {}).catch(String);
  assert.match(String(nothing), /nowhere/);
  assert.match(String(await readLog(by, [folder]).catch(String)), /wal/);
});

test.run();
