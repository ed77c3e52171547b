import { assert, rejects, suite } from '@etcdts/testing';
import { isEtcdError } from '../errors.ts';
import { FRAME_PREFIX } from '../frame.ts';
import { methods } from '../methods.ts';
import { encodeFrame } from '../wire/frame.ts';
import { checkSize } from './create-request.ts';
import { FakeEtcd, settle } from './fakes.test.kit.ts';

const test = suite('creation request of a watch');

test('a creation that is too large on any stream is refused before it reaches the stream of others', async () => {
  const etcd = new FakeEtcd({ maxSendBytes: 1_000 });
  const other = (await etcd.live()).read();
  const refused = [{ key: Buffer.alloc(980, 'k') }, { rangeEnd: Buffer.alloc(1_000, 'k') }].map((request) =>
    etcd.watch(request).read(),
  );
  await settle();
  for (const { error, watch } of refused) {
    assert.ok(isEtcdError(error, 'REQUEST_TOO_LARGE'));
    assert.is(error.outcome, 'not-applied');
    assert.match(error.message, 'maxSendBytes (1000)');
    await rejects(watch.created, { code: 'REQUEST_TOO_LARGE' });
  }
  assert.is(etcd.current.creates.length, 1);
  etcd.watch({ key: Buffer.alloc(940, 'k') });
  assert.is(etcd.current.creates.length, 2);
  assert.is(other.state, 'open');
  etcd.hub.close();
  assert.is(etcd.hub.stats().open, 0);
});

test('a creation that passes is never larger than the limit, on whatever stream', () => {
  const maxSendBytes = 200;
  for (let length = 100; length <= maxSendBytes; length++) {
    const request = { key: Buffer.alloc(length, 'k'), filters: ['put', 'delete'] as const, prevKv: true };
    const sent = { ...request, startRevision: 2n ** 62n, watchId: 65_536, fragment: true, progressNotify: true };
    const size = encodeFrame(methods.watch, { type: 'create', request: sent }, Infinity).length - FRAME_PREFIX;
    let passes = true;
    try {
      checkSize(request, maxSendBytes);
    } catch {
      passes = false;
    }
    assert.ok(passes ? size <= maxSendBytes : size > maxSendBytes - 8, `${length}: ${passes}, ${size}`);
  }
});

test.run();
