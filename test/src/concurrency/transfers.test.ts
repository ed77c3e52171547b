// limit: 120 s
import { assert, suite } from '@etcdts/testing';
import { audit } from './transfers/round.ts';
import { ours, prefixOf, TransferStage } from './transfers/stage.ts';

const test = suite('money that 16 workers move between 50 accounts under cuts', { timeoutMs: 90_000 });
const SECONDS = 5;

test('TX-05 TX-10 H1 the sum holds, each confirmed transfer was applied once, and no refused one was applied', async () => {
  await using stage = await TransferStage.start();
  await stage.open(ours);
  const round = await stage.run(ours, 0, SECONDS);
  const { wrong, twice, applied } = await audit(stage.direct, prefixOf(ours), [round]);
  assert.equal(wrong, []);
  assert.is(twice, 0);
  const { committed, conflicts, unknown } = round;
  const counts = `${committed.length} committed, ${conflicts} conflicts, ${unknown.length} unknown, ${stage.cuts} cuts`;
  assert.ok(committed.length >= 200 && conflicts >= 20 && stage.cuts >= 5, counts);
  assert.ok(applied >= committed.length && applied <= committed.length + unknown.length, counts);
});

test.run();
