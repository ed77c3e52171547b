// limit: 900 s
// Aborted calls reset their streams, and etcd has no limit of those. More of them: EMBEDDED_ABORTS=100000 npm test -- embedded/aborts
import { createClient } from '@etcdts/core';
import type { Interceptor } from '@etcdts/core/plugin';
import { startEmbedded } from '@etcdts/embedded';
import { http2Transport } from '@etcdts/http2';
import { assert, suite } from '@etcdts/testing';

const aborts = Number(process.env['EMBEDDED_ABORTS'] ?? 5_000);
const AT_ONCE = 500;

const test = suite('embedded: aborted calls', { timeoutMs: 60_000 + aborts * 5 });

for (const transport of ['grpc', 'http2'] as const) {
  test(`over ${transport}, ${aborts} of them leave the watch of the same client as it is`, async () => {
    await using etcd = await startEmbedded();
    let streams = 0;
    const counting: Interceptor = {
      name: 'counting',
      stream: (next) => (call) => {
        streams++;
        return next(call);
      },
    };
    await using client = createClient({
      endpoints: etcd.endpoint,
      interceptors: [counting],
      ...(transport === 'http2' && { transport: http2Transport() }),
    });
    await using watch = client.watch('watched');
    await watch.created;
    const responses = watch[Symbol.asyncIterator]();
    for (let done = 0; done < aborts; done += AT_ONCE) {
      etcd.freeze();
      const controller = new AbortController();
      const gets = Array.from({ length: AT_ONCE }, () => client.kv.get('k', { signal: controller.signal }));
      const ends = Promise.allSettled(gets);
      // They leave, and are not answered.
      for (let turns = 0; turns < 3; turns++) await new Promise(setImmediate);
      controller.abort();
      assert.ok((await ends).every(({ status }) => status === 'rejected'));
      etcd.thaw();
      await client.kv.put('watched', String(done));
      const { value } = await responses.next();
      assert.is(value?.events[0]?.kv.text(), String(done));
    }
    assert.is(streams, 1, 'the watch has begun once');
  });
}

test.run();
