import { assert, suite } from '@etcdts/testing';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Dialed } from './dial.ts';
import { hangUp } from './hang-up.ts';

const test = suite('the end of a socket');

/** More than the buffers of both ends hold. */
const MUCH = Buffer.alloc(32 << 20);

interface Pair extends AsyncDisposable {
  readonly ours: Socket;
  readonly peer: Socket;
  readonly dialed: Dialed;
}

async function pair(): Promise<Pair> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const ours = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
  const [peer] = (await once(server, 'connection')) as [Socket];
  peer.on('error', () => {});
  return {
    ours,
    peer,
    dialed: { settled: () => {}, destroy: () => ours.destroy() },
    async [Symbol.asyncDispose]() {
      ours.destroy();
      peer.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('comes after the last byte where the peer reads', async () => {
  await using both = await pair();
  both.ours.write(MUCH);
  // Nothing is cut off after a time, so that a busy machine may take longer.
  hangUp(both.ours, undefined);
  let received = 0;
  both.peer.on('data', (bytes: Buffer) => (received += bytes.length)).resume();
  await once(both.peer, 'end');
  assert.is(received, MUCH.length);
});

test('comes soon where the peer reads nothing', async () => {
  await using both = await pair();
  both.ours.write(MUCH);
  hangUp(both.ours, both.dialed);
  await once(both.ours, 'close');
  assert.ok(both.ours.bytesWritten > 0);
});

test.run();
