import { EtcdError, type EtcdOperations, type TxnInput } from '@etcdts/core';
import { assert, FakeClock, rejects, settle, suite } from '@etcdts/testing';
import { Removals } from './removals.ts';

const test = suite('removals of keys of contenders');
const key = Buffer.from('name/abc');

/** Removals whose transactions end as `answer` does, on a clock of the test. */
function removalsOf(answer: () => boolean): {
  removals: Removals;
  clock: FakeClock;
  sent: TxnInput[];
  warnings: string[];
} {
  const clock = new FakeClock();
  const sent: TxnInput[] = [];
  const warnings: string[] = [];
  const logger = { debug() {}, info() {}, warn: (line: string) => void warnings.push(line), error() {} };
  const txn = async (input: TxnInput): Promise<unknown> => {
    sent.push(input);
    return { header: { revision: 7n }, succeeded: answer(), responses: [] };
  };
  const client = { kv: { txn } } as unknown as EtcdOperations;
  const site = { clock, random: () => 1, logger, requestTimeoutMs: 10_000 };
  return { removals: new Removals({ client, site, lease: 0xabcn }), clock, sent, warnings };
}

function failure(code: EtcdError['code'], outcome: EtcdError['outcome'] = 'unknown'): EtcdError {
  return new EtcdError({ code, message: 'made by a test', outcome });
}

test('MX-09 a key is deleted by its create revision, or by the lease if that is not known', async () => {
  const { removals, sent } = removalsOf(() => true);
  const gone: bigint[] = [];
  assert.is(await removals.now({ key, revision: 5n }, {}, Infinity), true);
  removals.later({ key, revision: undefined, onRemoved: (revision) => gone.push(revision) }, {});
  await removals.done(key);
  const guards = sent.map(({ if: [guard] = [] }) => [guard?.target, guard?.operand]);
  assert.equal(guards, [
    ['createRevision', 5n],
    ['lease', 0xabcn],
  ]);
  assert.equal(gone, [7n]);
});

test('MX-09 a removal that fails rejects, and goes on in the background until it is answered', async () => {
  let failing = true;
  const { removals, clock, sent } = removalsOf(() => {
    if (failing) throw failure('UNAVAILABLE');
    return true;
  });
  const removing = removals.now({ key, revision: 5n }, {}, clock.now() + 10);
  await rejects(removing, { code: 'UNAVAILABLE', outcome: 'unknown' });
  let done = false;
  void removals.done(key).then(() => (done = true));
  await clock.advance(60_000);
  assert.ok(sent.length > 10 && !done);
  failing = false;
  await clock.until(removals.allDone());
  assert.ok(done);
});

test('MX-09 a removal whose token is refused goes on, since the key would be found by the next contender of the session', async () => {
  const codes = ['INVALID_AUTH_TOKEN', 'AUTH_OLD_REVISION', 'UNAUTHENTICATED'] as const;
  let failures = 0;
  const { removals, clock, sent, warnings } = removalsOf(() => {
    const code = codes[failures++];
    if (code !== undefined) throw failure(code, 'not-applied');
    return true;
  });
  await rejects(removals.now({ key, revision: 5n }, {}, clock.now() + 10_000), { code: 'INVALID_AUTH_TOKEN' });
  await clock.until(removals.done(key));
  assert.equal([sent.length, warnings], [4, []]);
});

test('the end of a session ends its removals, and no timer holds the process', async () => {
  const { removals, clock } = removalsOf(() => {
    throw failure('UNAVAILABLE');
  });
  removals.later({ key, revision: 5n }, {});
  await settle();
  assert.ok(clock.holding);
  removals.end();
  assert.not(clock.holding);
  await removals.allDone();
});

test('a removal that is refused is given up, and the log has the code and no key', async () => {
  const { removals, warnings } = removalsOf(() => {
    throw failure('PERMISSION_DENIED', 'not-applied');
  });
  removals.later({ key, revision: 5n }, {});
  await removals.allDone();
  assert.equal(warnings, ['concurrency: the key of a contender stays until its lease ends: PERMISSION_DENIED']);
});

test.run();
