// limit: 7200 s
// An etcd that lies, over both transports. A million messages:
//   HOSTILE_MESSAGES=1000000 node chaos/dist/hostile/hostile.test.js
import { assert, suite } from '@etcdts/testing';
import { runHostile } from './campaign.ts';

const messages = Number(process.env['HOSTILE_MESSAGES'] ?? 20_000);
const seed = Number(process.env['HOSTILE_SEED'] ?? 1);
/** MiB above what the limits of the clients allow. From Node 24 on, V8's young generation alone grows by 64 MiB more than before. */
const MOST_GROWTH = Number(process.versions.node.split('.')[0]) < 24 ? 64 : 128;
/** Four clients, each with a bound of 1 MiB for messages and one for watches. */
const LIMITS = 8;

const test = suite('an etcd that lies', { timeoutMs: 120_000 + messages * 10 });

for (const transport of ['grpc', 'http2'] as const) {
  test(`${messages} messages over ${transport}: every call settles, by an EtcdError of readable text, and memory is bounded`, async () => {
    const long = messages > 20_000;
    const result = await runHostile({
      ...{ messages, seed, transport },
      ...(long && { onSample: (sent, rss) => console.log(`${transport}: ${sent} messages, ${rss.toFixed(0)} MiB`) }),
    });
    const { wrong, ends, before, most } = result;
    if (long) {
      console.log(
        `${transport}: ${result.messages} messages; ${before.toFixed(0)} MiB before, ${most.toFixed(0)} at most`,
      );
      console.log(Array.from(ends, ([end, count]) => `${end} ${count}`).join(', '));
    }
    assert.equal(wrong.slice(0, 5), []);
    assert.ok(most - before <= MOST_GROWTH + LIMITS, `${before.toFixed(0)} MiB before, ${most.toFixed(0)} at most`);
    // The server is not only refused: calls go well, and fail for many reasons.
    assert.ok((ends.get('well') ?? 0) > 20 && ends.size >= 10, JSON.stringify([...ends]));
  });
}

test.run();
