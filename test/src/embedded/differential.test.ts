// limit: 300 s
// The same random operations on a real etcd and on the embedded one, and every answer compared. More of them:
//   EMBEDDED_OPERATIONS=100000 npm test -- embedded/differential
import { startEmbedded } from '@etcdts/embedded';
import { assert, findEtcd, isAtLeast, startEtcd, suite } from '@etcdts/testing';
import { Pair } from './differential-pair.ts';
import { RawEtcd } from '../raw-etcd.ts';

const operations = Number(process.env['EMBEDDED_OPERATIONS'] ?? 4_000);
const seed = Number(process.env['EMBEDDED_SEED'] ?? 1);

const test = suite('embedded: differential', { timeoutMs: Math.max(120_000, operations * 20) });

test(`${operations} random operations are answered as by a real etcd (seed ${seed})`, async (t) => {
  const { version } = await findEtcd();
  if (!isAtLeast(version, '3.5.8')) t.skip('this etcd answers progress requests for watches that are behind');
  await using real = await startEtcd();
  await using embedded = await startEmbedded({ maxRequestBytes: 1.5 * 2 ** 20 });
  const clients = [new RawEtcd(real.endpoint), new RawEtcd(embedded.endpoint)] as const;
  const pair = new Pair(clients, seed, version);
  let done = 0;
  try {
    for (; done < operations; done++) await pair.step();
    await pair.settle();
  } catch (error) {
    throw new Error(`after ${done} operations`, { cause: error });
  } finally {
    pair.close();
    for (const client of clients) client.close();
  }
  assert.is(done, operations);
});

test.run();
