import { assert, settle, suite } from '@etcdts/testing';
import { brief, frame } from './fake-frames.test.kit.ts';
import { FakePeer } from './fake-peer.test.kit.ts';

const test = suite('pings of a connection');

const TIMES = { timeMs: 1_000, timeoutMs: 300, permitWithoutCalls: false };

const ready = (times: Partial<typeof TIMES> = {}): Promise<FakePeer> =>
  FakePeer.ready({}, {}, { keepalive: { ...TIMES, ...times } });

test('a silent peer is pinged after timeMs, and lost timeoutMs later, with its calls', async () => {
  const peer = await ready();
  const talk = peer.ask();
  await peer.frames();
  await peer.clock.advance(999);
  assert.equal(await peer.frames(), []);
  await peer.clock.advance(1);
  assert.equal(brief(await peer.frames()), ['PING']);
  await peer.clock.advance(299);
  assert.equal(peer.reports, ['ready']);
  await peer.clock.advance(1);
  await settle();
  assert.equal(peer.failure, { details: 'the peer has not answered a ping', tls: false });
  assert.equal([talk.status?.code, talk.status?.reach], [14, 'sent']);
  assert.is(peer.socket.state, 'destroyed');
  assert.is(peer.clock.timers.size, 0);
});

test('any byte shows that the peer lives: it puts the ping off, and answers one', async () => {
  const peer = await ready();
  peer.ask();
  await peer.frames();
  // A frame of an unknown type.
  const [byte, ...bytes] = Buffer.from([0, 0, 0, 99, 0, 0, 0, 0, 0]);
  for (const one of [byte as number, ...bytes.splice(0, 5)]) {
    await peer.clock.advance(900);
    peer.send(Buffer.from([one]));
    assert.equal(await peer.frames(), []);
  }
  await peer.clock.advance(1_000);
  assert.equal(brief(await peer.frames()), ['PING']);
  await peer.clock.advance(200);
  peer.send(Buffer.from(bytes));
  await peer.clock.advance(999);
  assert.equal([await peer.frames(), peer.reports], [[], ['ready']]);
  await peer.clock.advance(1);
  assert.equal(brief(await peer.frames()), ['PING']);
});

test('a peer that dies after it has answered a ping is found within timeMs and timeoutMs, also if that is longer', async () => {
  const peer = await ready({ timeMs: 1_000, timeoutMs: 5_000 });
  peer.ask();
  await peer.frames();
  await peer.clock.advance(1_000);
  peer.send(frame.ping(1));
  await peer.frames();
  await peer.clock.advance(1_000);
  assert.equal(brief(await peer.frames()), ['PING']);
  await peer.clock.advance(5_000);
  await settle();
  assert.is(peer.reports.length, 2);
});

test('without calls there is no ping, and the time counts from the first call', async () => {
  const peer = await ready();
  await peer.clock.advance(5_000);
  const first = peer.ask();
  await peer.frames();
  await peer.clock.advance(500);
  first.call.cancel();
  await peer.frames();
  await peer.clock.advance(400);
  peer.ask();
  await peer.frames();
  await peer.clock.advance(999);
  assert.equal(await peer.frames(), []);
  await peer.clock.advance(1);
  assert.equal(brief(await peer.frames()), ['PING']);
});

test('without calls the timer ends', async () => {
  const peer = await ready();
  const talk = peer.ask();
  await peer.frames();
  assert.is(peer.clock.timers.size, 1);
  talk.call.cancel();
  await peer.clock.advance(2_000);
  assert.is(peer.clock.timers.size, 0);
  assert.equal(brief(await peer.frames()), ['RST_STREAM 1 8']);
});

test('with permitWithoutCalls there is a ping without calls', async () => {
  const peer = await ready({ permitWithoutCalls: true });
  await peer.clock.advance(1_000);
  assert.equal(brief(await peer.frames()), ['PING']);
  peer.send(frame.ping(1));
  await peer.clock.advance(1_000);
  assert.equal(brief(await peer.frames()), ['PING']);
  await peer.clock.advance(300);
  await settle();
  assert.is(peer.reports.length, 2);
});

test('after a stalled event loop, what has arrived is read before the peer counts as lost', async () => {
  const peer = await ready();
  peer.ask();
  await peer.frames();
  await peer.clock.advance(1_000);
  peer.clock.afterReading = (callback) => {
    peer.send(frame.ping(1));
    callback();
  };
  await peer.clock.advance(60_000);
  assert.equal(peer.reports, ['ready']);
});

test('a connection that is closed or lost has no timer', async () => {
  for (const end of [(peer: FakePeer) => peer.connection.close(true), (peer: FakePeer) => peer.lose()]) {
    const peer = await ready({ permitWithoutCalls: true });
    peer.ask();
    await peer.frames();
    end(peer);
    assert.is(peer.clock.timers.size, 0);
  }
});

test.run();
