import { assert, settle, suite } from '@etcdts/testing';
import { brief, frame, GOOD, GRPC } from './fake-frames.test.kit.ts';
import { FakePeer } from './fake-peer.test.kit.ts';
import { VERSION } from './version.ts';

const test = suite('a connection of HTTP/2');

test('begins with preface, settings and window, and is ready when the settings of the peer are there', async () => {
  const peer = new FakePeer();
  const [settings, window] = await peer.frames();
  assert.is(peer.preface, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  // ENABLE_PUSH, INITIAL_WINDOW_SIZE and MAX_HEADER_LIST_SIZE.
  assert.is(settings?.payload.toString('hex'), '000200000000' + '0004000186a0' + '000600002710');
  assert.equal(brief([window!]), [`WINDOW_UPDATE 0 ${1_000_000 - 65_535}`]);
  assert.equal(peer.reports, []);
  peer.send(frame.settings());
  assert.equal(peer.reports, ['ready']);
  assert.equal(brief(await peer.frames()), ['SETTINGS ack']);
});

test('sends a whole call in one write: HEADERS, and DATA that ends the stream', async () => {
  const peer = await FakePeer.ready();
  const before = peer.socket.writes;
  const talk = peer.ask('hello', '/pkg.S/M', { token: 'secret', 'b-bin': Buffer.from([0, 255]), many: ['1', '2'] });
  const [headers, data] = await peer.frames();
  assert.is(peer.socket.writes, before + 1);
  assert.equal(headers?.fields, [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', '/pkg.S/M'],
    [':authority', 'a:1'],
    ['te', 'trailers'],
    ['content-type', 'application/grpc'],
    ['user-agent', `etcdts/${VERSION}`],
    ['token', 'secret'],
    ['b-bin', 'AP8'],
    ['many', '1'],
    ['many', '2'],
  ]);
  assert.equal(brief([headers!, data!]), ['HEADERS 1', 'DATA 1 end']);
  assert.equal(data?.payload, frame.message('hello'));
  peer.send(frame.answer(1, 'reply'));
  assert.equal([talk.texts, talk.status], [['reply'], { code: 0, details: '', reach: 'sent' }]);
});

test('all calls of a turn leave in one write, also those that begin when an answer is read', async () => {
  const peer = await FakePeer.ready();
  const first = [peer.ask(), peer.ask()];
  assert.equal(brief(await peer.frames()), ['HEADERS 1', 'DATA 1 end', 'HEADERS 3', 'DATA 3 end']);
  const before = peer.socket.writes;
  const again = Promise.all(
    first.map(
      (talk) =>
        new Promise<void>((resolve) => {
          talk.react = () => void Promise.resolve().then(() => (peer.ask(), resolve()));
        }),
    ),
  );
  peer.send(frame.answer(1, 'x'), frame.answer(3, 'x'));
  await again;
  assert.equal(brief(await peer.frames()), ['HEADERS 5', 'DATA 5 end', 'HEADERS 7', 'DATA 7 end']);
  assert.is(peer.socket.writes, before + 1);
});

test('sends header fields that were sent before as one byte each', async () => {
  const peer = await FakePeer.ready();
  const metadata = { token: 'abc' };
  const sizes: number[] = [];
  for (let i = 0; i < 3; i++) {
    peer.ask('x', '/s/M', metadata);
    const [headers] = await peer.frames();
    assert.is(headers?.fields?.length, 8);
    sizes.push(headers?.payload.length as number);
  }
  assert.ok((sizes[0] as number) > 40, `${sizes}`);
  assert.equal(sizes.slice(1), [8, 8]);
});

test('a listener that throws stops no other call, and the process handles its error', async () => {
  const peer = await FakePeer.ready();
  const [broken, brokenAtEnd, good] = [peer.ask(), peer.ask(), peer.ask()];
  broken.react = () => {
    throw new Error('of onMessage');
  };
  brokenAtEnd.onEnd = () => {
    throw new Error('of onEnd');
  };
  await peer.frames();
  const thrown: string[] = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => void thrown.push(error.message));
  try {
    peer.send(frame.answer(1, 'x'), frame.answer(3, 'x'), frame.answer(5, 'x'));
    await settle();
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  }
  assert.equal(thrown, ['of onMessage', 'of onEnd']);
  assert.equal([broken.status?.code, good.status?.code, good.texts], [0, 0, ['x']]);
  assert.equal(peer.reports, ['ready']);
});

test('the socket holds the process only while calls are under way', async () => {
  const peer = new FakePeer();
  assert.is(peer.socket.held, true);
  peer.send(frame.settings());
  await peer.frames();
  assert.is(peer.socket.held, false);
  const talk = peer.ask();
  await peer.frames();
  assert.is(peer.socket.held, true);
  talk.call.cancel();
  await peer.frames();
  assert.is(peer.socket.held, false);
});

test('a peer that answers before our half has ended gets RST_STREAM with NO_ERROR', async () => {
  const peer = await FakePeer.ready();
  const talk = peer.start();
  talk.call.send(frame.message('1'));
  talk.call.read();
  assert.equal(brief(await peer.frames()), ['HEADERS 1', 'DATA 1']);
  peer.send(frame.headers(1, [...GRPC, ...GOOD], true));
  assert.is(talk.status?.code, 0);
  talk.call.send(frame.message('2'));
  talk.call.halfClose();
  assert.equal(brief(await peer.frames()), ['RST_STREAM 1 0']);
});

test('closing waits for the calls under way, those of this turn as well, and says goodbye', async () => {
  const peer = await FakePeer.ready();
  const first = peer.ask();
  await peer.frames();
  const second = peer.ask();
  peer.connection.close(false);
  assert.equal(brief(await peer.frames()), ['HEADERS 3', 'DATA 3 end']);
  peer.send(frame.answer(3, 'b'));
  assert.is(peer.socket.state, 'open');
  peer.send(frame.answer(1, 'a'));
  assert.equal([first.texts, second.texts], [['a'], ['b']]);
  assert.equal(brief(await peer.frames()), ['GOAWAY 0']);
  assert.is(peer.socket.state, 'ended');
  assert.equal(peer.reports, ['ready']);
});

test('closing now ends the calls: those that have left as sent, those of this turn as unsent', async () => {
  const peer = await FakePeer.ready();
  const sent = peer.ask();
  await peer.frames();
  const unsent = peer.ask();
  assert.is(unsent.call.unsent, 'the call has not left yet');
  assert.is(sent.call.unsent, undefined);
  peer.connection.close(true);
  await settle();
  assert.equal([sent.status?.code, sent.status?.reach], [14, 'sent']);
  assert.equal([unsent.status?.code, unsent.status?.reach], [14, 'unsent']);
  assert.equal(brief(await peer.frames()), ['GOAWAY 0']);
  assert.is(peer.socket.state, 'ended');
});

test('a call on a connection that is over ends as unsent, later', async () => {
  const peer = await FakePeer.ready();
  peer.lose();
  const talk = peer.ask();
  assert.is(talk.status, undefined);
  await settle();
  assert.is(talk.status?.reach, 'unsent');
});

test('a loss is reported before the calls end, so that they start on another connection', async () => {
  const peer = await FakePeer.ready();
  const order: string[] = [];
  const talks = [peer.ask(), peer.ask()];
  await peer.frames();
  const waiting = peer.ask();
  for (const talk of [...talks, waiting]) {
    talk.onEnd = ({ reach, details }) => void order.push(`${reach} ${details} ${peer.reports.length}`);
  }
  peer.lose('gone');
  await settle();
  assert.equal(order, ['sent gone 2', 'sent gone 2', 'unsent gone 2']);
});

test('a socket that takes nothing more keeps calls unsent, with the reason, until it does', async () => {
  const peer = await FakePeer.ready();
  peer.socket.stuck = true;
  const first = peer.ask();
  await peer.frames();
  assert.is(first.call.unsent, undefined);
  const second = peer.ask();
  assert.equal(await peer.frames(), []);
  assert.is(second.call.unsent, 'the call waits for the network: the peer does not read');
  const third = peer.ask();
  third.call.cancel();
  peer.drain();
  assert.equal(brief(await peer.frames()), ['HEADERS 3', 'DATA 3 end']);
  assert.is(second.call.unsent, undefined);
  peer.socket.stuck = true;
  const lost = [peer.ask(), peer.ask()];
  await peer.frames();
  peer.lose();
  await settle();
  assert.equal([second.status?.reach, ...lost.map(({ status }) => status?.reach)], ['sent', 'sent', 'sent']);
});

test.run();
