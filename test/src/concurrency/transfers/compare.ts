// The long form of transfers.test.ts: transact and clientv3's STM take turns on one cluster under cuts. clientv3's part needs Go.
//   node test/dist/concurrency/transfers/compare.js [--seconds 60] [--rounds 4]
import { parseArgs } from 'node:util';
import { buildGo } from '../programs.ts';
import { audit, type Round } from './round.ts';
import { ours, prefixOf, TransferStage, type Mover } from './stage.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, rounds: { type: 'string', default: '4' } },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds) / rounds;

/** clientv3's program; none without Go. */
async function theirs(): Promise<readonly Mover[]> {
  const built = await buildGo('transfers');
  if ('path' in built) return [{ name: 'clientv3', command: [built.path] }];
  console.error(`without clientv3: ${built.missing}`);
  return [];
}

const movers: readonly Mover[] = [ours, ...(await theirs())];
const done = new Map<Mover, Round[]>(movers.map((mover) => [mover, []]));

await using stage = await TransferStage.start();
for (const mover of movers) await stage.open(mover);
for (let round = 0; round < rounds; round++)
  for (const mover of movers) done.get(mover)?.push(await stage.run(mover, round, seconds));

console.log(`etcd ${stage.version}, 3 members, 16 workers, 50 accounts, ${values.seconds} s each, ${stage.cuts} cuts`);
for (const [mover, own] of done) {
  const { wrong, sum, applied, twice } = await audit(stage.direct, prefixOf(mover), own);
  const count = (kind: 'committed' | 'unknown' | 'refused'): number =>
    own.reduce((all, round) => all + round[kind].length, 0);
  const total = (kind: 'conflicts' | 'cpuMillis'): number => own.reduce((all, round) => all + round[kind], 0);
  const perSecond = (value: number): string => (value / Number(values.seconds)).toFixed(1);
  const micros = Math.round((total('cpuMillis') * 1_000) / count('committed'));
  console.log(
    `${mover.name}: ${perSecond(count('committed'))} committed/s, ${perSecond(total('conflicts'))} conflicts/s, ` +
      `${count('committed')} committed, ${count('unknown')} unknown, ${count('refused')} refused, ${applied} applied, ` +
      `${twice} twice, sum ${sum}, ${micros} µs of CPU for each`,
  );
  for (const sentence of wrong.slice(0, 20)) console.log(`  WRONG: ${sentence}`);
  if (wrong.length > 0) process.exitCode = 1;
}
