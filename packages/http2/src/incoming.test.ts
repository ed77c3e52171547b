import { assert, settle, suite } from '@etcdts/testing';
import { block, brief, END_HEADERS, END_STREAM, frame, GOOD, GRPC, PADDED } from './fake-frames.test.kit.ts';
import { FakePeer } from './fake-peer.test.kit.ts';

const test = suite('frames of a peer');

const DATA = 0;
const HEADERS = 1;
const PRIORITY = 2;
const RST_STREAM = 3;
const SETTINGS = 4;
const PUSH_PROMISE = 5;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const CONTINUATION = 9;

const zeros = (length: number): Buffer => Buffer.alloc(length);
const PROTOCOL_ERROR = 1;
const FLOW_CONTROL_ERROR = 3;
const STREAM_CLOSED = 5;
const FRAME_SIZE_ERROR = 6;
const COMPRESSION_ERROR = 9;
const ENHANCE_YOUR_CALM = 11;

const head = frame.headers(1, GRPC);
const trailers = frame.headers(1, GOOD, true);
const open = frame.raw(HEADERS, 0, 1, block(GRPC));
const setting = (id: number, value: number): Buffer => frame.settings({ [id]: value });

/** What ends the connection, with the error for the peer. Stream 1 is open, and no other one was. */
const BROKEN: Readonly<Record<string, readonly [code: number, ...frames: readonly Buffer[]]>> = {
  'a frame of more than 16,384 bytes': [FRAME_SIZE_ERROR, frame.raw(DATA, 0, 1, zeros(16_385))],
  'an unknown frame that is too large': [FRAME_SIZE_ERROR, frame.raw(99, 0, 0, zeros(16_385))],
  'DATA of the connection': [PROTOCOL_ERROR, frame.data(0, zeros(1))],
  'DATA of a stream of the peer': [PROTOCOL_ERROR, frame.data(2, zeros(1))],
  'DATA of a stream that never began': [PROTOCOL_ERROR, frame.data(3, zeros(1))],
  'DATA after the end': [STREAM_CLOSED, head, trailers, frame.data(1, zeros(5))],
  'DATA after RST_STREAM': [STREAM_CLOSED, frame.reset(1, 8), frame.data(1, zeros(5))],
  'DATA with more padding than payload': [
    PROTOCOL_ERROR,
    head,
    frame.raw(DATA, PADDED, 1, Buffer.from([5, 0, 0, 0, 0])),
  ],
  'DATA without the length of its padding': [FRAME_SIZE_ERROR, head, frame.raw(DATA, PADDED, 1, zeros(0))],
  'HEADERS of the connection': [PROTOCOL_ERROR, frame.headers(0, GRPC)],
  'HEADERS of a stream of the peer': [PROTOCOL_ERROR, frame.headers(2, GRPC)],
  'HEADERS of a stream that never began': [PROTOCOL_ERROR, frame.headers(3, GRPC)],
  'HEADERS after the end': [STREAM_CLOSED, head, trailers, trailers],
  'HEADERS with more padding than payload': [
    PROTOCOL_ERROR,
    frame.raw(HEADERS, END_HEADERS | PADDED, 1, Buffer.from([5, 0])),
  ],
  'HEADERS without the length of its padding': [PROTOCOL_ERROR, frame.raw(HEADERS, END_HEADERS | PADDED, 1, zeros(0))],
  'HEADERS too short for its priority': [PROTOCOL_ERROR, frame.raw(HEADERS, END_HEADERS | 0x20, 1, zeros(4))],
  'a header block that cannot be decoded': [
    COMPRESSION_ERROR,
    frame.raw(HEADERS, END_HEADERS, 1, Buffer.from([0xff, 0xff, 0xff])),
  ],
  'a frame of another type within a block': [PROTOCOL_ERROR, open, frame.ping()],
  'an unknown frame within a block': [PROTOCOL_ERROR, open, frame.raw(99, 0, 1, zeros(1))],
  'CONTINUATION of another stream': [PROTOCOL_ERROR, open, frame.raw(CONTINUATION, END_HEADERS, 3, zeros(0))],
  'CONTINUATION without HEADERS': [PROTOCOL_ERROR, frame.raw(CONTINUATION, END_HEADERS, 1, zeros(0))],
  'CONTINUATION behind a whole block': [PROTOCOL_ERROR, head, frame.raw(CONTINUATION, END_HEADERS, 1, zeros(0))],
  'CONTINUATION without end': [
    ENHANCE_YOUR_CALM,
    open,
    ...Array.from({ length: 2 }, () => frame.raw(CONTINUATION, 0, 1, zeros(10_001))),
  ],
  'PRIORITY of the connection': [PROTOCOL_ERROR, frame.raw(PRIORITY, 0, 0, zeros(5))],
  'PRIORITY of another size': [FRAME_SIZE_ERROR, frame.raw(PRIORITY, 0, 1, zeros(4))],
  'RST_STREAM of the connection': [PROTOCOL_ERROR, frame.reset(0, 8)],
  'RST_STREAM of a stream that never began': [PROTOCOL_ERROR, frame.reset(3, 8)],
  'RST_STREAM of another size': [FRAME_SIZE_ERROR, frame.raw(RST_STREAM, 0, 1, zeros(3))],
  'SETTINGS of a stream': [PROTOCOL_ERROR, frame.raw(SETTINGS, 0, 1, zeros(0))],
  'SETTINGS of another size': [FRAME_SIZE_ERROR, frame.raw(SETTINGS, 0, 0, zeros(5))],
  'an acknowledgement with settings': [FRAME_SIZE_ERROR, frame.raw(SETTINGS, 1, 0, zeros(6))],
  'ENABLE_PUSH of 1': [PROTOCOL_ERROR, setting(2, 1)],
  'INITIAL_WINDOW_SIZE of 2^31': [FLOW_CONTROL_ERROR, setting(4, 2 ** 31)],
  'MAX_FRAME_SIZE of 16,383': [PROTOCOL_ERROR, setting(5, 16_383)],
  'MAX_FRAME_SIZE of 2^24': [PROTOCOL_ERROR, setting(5, 2 ** 24)],
  PUSH_PROMISE: [PROTOCOL_ERROR, frame.raw(PUSH_PROMISE, END_HEADERS, 1, zeros(4))],
  'PING of a stream': [PROTOCOL_ERROR, frame.raw(PING, 0, 1, zeros(8))],
  'PING of another size': [FRAME_SIZE_ERROR, frame.raw(PING, 0, 0, zeros(7))],
  'GOAWAY of a stream': [PROTOCOL_ERROR, frame.raw(GOAWAY, 0, 1, zeros(8))],
  'GOAWAY of another size': [FRAME_SIZE_ERROR, frame.raw(GOAWAY, 0, 0, zeros(7))],
  'WINDOW_UPDATE of a stream that never began': [PROTOCOL_ERROR, frame.windowUpdate(3, 1)],
  'WINDOW_UPDATE of another size': [FRAME_SIZE_ERROR, frame.raw(WINDOW_UPDATE, 0, 0, zeros(5))],
};
for (const [name, [code, ...frames]] of Object.entries(BROKEN)) {
  test(`the connection ends, with the reason for peer and user: ${name}`, async () => {
    const peer = await FakePeer.ready();
    const talk = peer.ask();
    await peer.frames();
    const rest = frame.ping();
    peer.send(...frames, rest);
    assert.match(peer.failure.details, /^the connection was ended here: ./);
    assert.is(peer.failure.graceful, undefined);
    assert.ok(talk.status !== undefined);
    const answered = (await peer.frames()).filter(({ type }) => type !== 'WINDOW_UPDATE');
    // Nothing behind the broken frame is read.
    assert.equal(brief(answered), [`GOAWAY ${code}`]);
    assert.is(peer.socket.state, 'ended');
    peer.send(rest);
    peer.lose();
    assert.equal([await peer.frames(), peer.reports.length], [[], 2]);
  });
}

test('what is to be ignored is ignored', async () => {
  const peer = await FakePeer.ready();
  const talk = peer.ask();
  await peer.frames();
  peer.send(
    frame.raw(99, 0xff, 1, zeros(100)),
    frame.raw(10, 0, 0, zeros(0)),
    frame.raw(PRIORITY, 0, 1, zeros(5)),
    frame.raw(PRIORITY, 0, 2 ** 31 - 1, zeros(5)),
    setting(99, 1),
    setting(2, 0),
    frame.raw(SETTINGS, 1, 0, zeros(0)),
    frame.ping(1),
    frame.windowUpdate(2 ** 31, 1),
    frame.answer(1, 'x'),
    frame.reset(1, 8),
    frame.windowUpdate(1, 1),
    frame.raw(PRIORITY, 0, 1, zeros(5)),
  );
  assert.is(talk.status?.code, 0);
  assert.equal(brief(await peer.frames()), ['SETTINGS ack', 'SETTINGS ack']);
  assert.equal(peer.reports, ['ready']);
});

test('PING is answered with its payload', async () => {
  const peer = await FakePeer.ready();
  peer.send(frame.ping());
  const [ack] = await peer.frames();
  assert.equal([brief([ack!]), String(ack?.payload)], [['PING ack'], 'payload8']);
});

test('a header block may come in many parts', async () => {
  const peer = await FakePeer.ready();
  const talk = peer.ask();
  await peer.frames();
  const bytes = block([...GRPC, ['grpc-status', '9'], ['grpc-message', 'in parts']]);
  const parts = [...bytes].map((byte, i) =>
    frame.raw(
      i === 0 ? HEADERS : CONTINUATION,
      (i === 0 ? END_STREAM : 0) | (i === bytes.length - 1 ? END_HEADERS : 0),
      1,
      Buffer.from([byte]),
    ),
  );
  peer.send(...parts);
  assert.equal(talk.status, { code: 9, details: 'in parts', reach: 'sent' });
});

test('the first frame is SETTINGS, or the peer does not speak HTTP/2', async () => {
  for (const bytes of [
    frame.ping(),
    frame.raw(SETTINGS, 1, 0, zeros(0)),
    Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
    zeros(100),
  ]) {
    const peer = new FakePeer();
    peer.send(bytes);
    assert.is(peer.reason?.message, 'the peer does not speak HTTP/2');
    assert.equal(peer.reports, []);
  }
});

test('a peer that refuses the connection with GOAWAY at once is given as the reason', async () => {
  for (const first of [[], [frame.raw(SETTINGS, 0, 0, zeros(0))]]) {
    const peer = new FakePeer();
    peer.send(...first, frame.goAway(0, 11, 'too many connections'));
    const details = 'the peer ends the connection: ENHANCE_YOUR_CALM, too many connections';
    if (first.length === 0) assert.is(peer.reason?.message, details);
    else assert.is(peer.failure.details, details);
  }
});

test('after GOAWAY, calls above its last stream are refused, those that wait are unsent, the others go on', async () => {
  const peer = await FakePeer.ready({ 3: 3 });
  const talks = [peer.ask(), peer.ask(), peer.ask(), peer.ask()];
  await peer.frames();
  // The last one has begun to answer: what it says now is not believed.
  peer.send(frame.headers(5, GRPC), frame.goAway(1));
  await settle();
  assert.equal(peer.failure, { details: 'the peer ends the connection', tls: false, graceful: true });
  assert.equal(
    talks.map(({ status }) => status?.reach),
    [undefined, 'refused', 'sent', 'unsent'],
  );
  assert.is(peer.socket.state, 'open');
  // At once: Node's server reads nothing more once its last stream is over.
  assert.equal(brief(await peer.frames()), ['GOAWAY 0']);
  peer.send(frame.answer(1, 'late'));
  assert.equal(talks[0]?.texts, ['late']);
  assert.is(peer.socket.state, 'ended');
});

test('a second GOAWAY refuses more, and is not reported', async () => {
  const peer = await FakePeer.ready();
  const talks = [peer.ask(), peer.ask()];
  await peer.frames();
  peer.send(frame.goAway(2 ** 31 - 1));
  assert.equal(
    talks.map(({ status }) => status),
    [undefined, undefined],
  );
  peer.send(frame.goAway(1));
  assert.equal(
    talks.map(({ status }) => status?.reach),
    [undefined, 'refused'],
  );
  peer.send(frame.goAway(0, 2));
  assert.is(talks[0]?.status?.reach, 'refused');
  assert.is(peer.reports.length, 2);
  assert.is(peer.socket.state, 'ended');
});

test('GOAWAY without calls ends the connection; with an error it is no graceful end', async () => {
  const peer = await FakePeer.ready();
  peer.send(frame.goAway(0, 2, 'a\u0000b'));
  assert.equal(peer.failure, { details: 'the peer ends the connection: INTERNAL_ERROR, a\u0000b', tls: false });
  assert.is(peer.socket.state, 'ended');
});

test('frames that were on their way when a stream was reset here are passed over, and headers are decoded', async () => {
  const peer = await FakePeer.ready();
  const [cancelled, good] = [peer.ask(), peer.ask()];
  await peer.frames();
  cancelled.call.cancel();
  // With incremental indexing: the next block depends on it.
  const indexed = Buffer.concat([Buffer.from([0x40, 5]), Buffer.from('x-one'), Buffer.from([1]), Buffer.from('1')]);
  peer.send(
    frame.raw(HEADERS, END_HEADERS, 1, Buffer.concat([block(GRPC), indexed])),
    frame.data(1, frame.message('x')),
    frame.raw(HEADERS, END_HEADERS | END_STREAM, 1, block(GOOD)),
    frame.raw(HEADERS, END_HEADERS, 3, Buffer.concat([block(GRPC), Buffer.from([0x80 | 62])])),
    frame.headers(3, GOOD, true),
  );
  assert.equal([cancelled.texts, good.status?.code], [[], 0]);
  // The peer has ended stream 1 by now.
  peer.send(frame.data(1, zeros(1)));
  assert.equal(brief(await peer.frames()), ['RST_STREAM 1 8', `GOAWAY ${STREAM_CLOSED}`]);
});

test('headers beyond the limit end their call alone', async () => {
  const peer = await FakePeer.ready();
  const [large, good] = [peer.ask(), peer.ask()];
  await peer.frames();
  peer.send(frame.headers(1, [...GRPC, ['a', 'x'.repeat(10_000)]]), frame.answer(3, 'x'));
  assert.equal([large.status?.code, good.status?.code], [8, 0]);
  assert.match(large.status?.details ?? '', /10000 bytes/);
  assert.equal(brief(await peer.frames()), [`RST_STREAM 1 ${ENHANCE_YOUR_CALM}`]);
});

test('what a peer sends of a stream beyond its window ends the call; beyond that of the connection, the connection', async () => {
  const peer = await FakePeer.ready({}, { windowBytes: 20_000, connectionWindowBytes: 65_535 });
  const [over, good] = [peer.start(), peer.ask()];
  await peer.frames();
  peer.send(head, frame.data(1, zeros(16_000)), frame.data(1, zeros(4_001)), frame.answer(3, 'x'));
  assert.equal([over.status, good.status?.code], [undefined, 0]);
  over.react = () => over.call.read();
  over.call.read();
  assert.equal([over.status?.code, over.messages.length], [13, 3_200]);
  assert.equal(brief(await peer.frames()), [`RST_STREAM 1 ${FLOW_CONTROL_ERROR}`]);
  const deaf = await FakePeer.ready({}, { windowBytes: 65_535, connectionWindowBytes: 65_535 });
  for (let i = 0; i < 5; i++) deaf.start();
  await deaf.frames();
  // A peer that does not read gets no room, so that what it sends without is more than it may send.
  deaf.socket.stuck = true;
  deaf.ask();
  await settle();
  for (let id = 1; id < 10; id += 2) {
    deaf.send(frame.headers(id, GRPC), frame.data(id, zeros(13_107)));
    await settle();
  }
  assert.equal(deaf.reports, ['ready']);
  deaf.send(frame.data(1, zeros(1)));
  assert.match(deaf.failure.details, /more DATA than the window of the connection/);
});

test('a stream that nobody reads holds its window back; a message that is read gives it back as it comes', async () => {
  const peer = await FakePeer.ready({}, { windowBytes: 20_000 });
  const talk = peer.start();
  await peer.frames();
  const whole = frame.message('x'.repeat(9_000));
  peer.send(head, frame.data(1, whole), frame.data(1, whole));
  assert.equal(await peer.frames(), []);
  talk.call.read();
  assert.equal(await peer.frames(), []);
  talk.call.read();
  assert.equal(brief(await peer.frames()), ['WINDOW_UPDATE 1 18010']);
  const large = frame.message('y'.repeat(100_000));
  peer.send(frame.data(1, large.subarray(0, 16_000)));
  assert.equal(await peer.frames(), []);
  talk.call.read();
  assert.equal(brief(await peer.frames()), ['WINDOW_UPDATE 1 16000']);
  for (let at = 16_000; at < large.length; at += 10_000) {
    peer.send(frame.data(1, large.subarray(at, Math.min(large.length, at + 10_000))));
    if (at + 10_000 < large.length) assert.equal(brief(await peer.frames()), ['WINDOW_UPDATE 1 10000']);
  }
  assert.equal([talk.messages.length, talk.messages[2]?.length], [3, 100_000]);
});

test('the window of the connection is given back as bytes come, those of streams that are over as well', async () => {
  const peer = await FakePeer.ready({}, { connectionWindowBytes: 65_535 });
  const [cancelled, talk] = [peer.ask(), peer.start()];
  await peer.frames();
  cancelled.call.cancel();
  peer.send(frame.headers(3, GRPC), frame.data(3, zeros(16_000)), frame.data(1, zeros(16_384)));
  assert.equal(brief(await peer.frames()), ['RST_STREAM 1 8']);
  peer.send(frame.raw(DATA, PADDED, 1, Buffer.concat([Buffer.from([200]), zeros(382)])));
  assert.equal(brief(await peer.frames()), ['WINDOW_UPDATE 0 32767']);
  peer.send(frame.data(3, zeros(100)));
  assert.equal(await peer.frames(), []);
  assert.is(talk.status, undefined);
});

/** A frame that serves no call, many times over. Stream 1 is open. */
const FLOODS: Readonly<Record<string, Buffer>> = {
  PING: frame.ping(),
  'PING acknowledgements': frame.ping(1),
  SETTINGS: frame.settings(),
  'empty DATA': frame.data(1, zeros(0)),
  'DATA of padding': frame.raw(DATA, PADDED, 1, zeros(1)),
  'WINDOW_UPDATE of the connection': frame.windowUpdate(0, 1),
  'WINDOW_UPDATE of a stream': frame.windowUpdate(1, 1),
  PRIORITY: frame.raw(PRIORITY, 0, 1, zeros(5)),
  'frames of unknown types': frame.raw(77, 0, 0, zeros(0)),
  'informational responses': frame.headers(1, [[':status', '100']]),
  'RST_STREAM of a stream that is over': frame.reset(3, 8),
};
for (const [name, one] of Object.entries(FLOODS)) {
  test(`a flood ends the connection: ${name}`, async () => {
    const peer = await FakePeer.ready();
    peer.start();
    const over = peer.ask();
    await peer.frames();
    peer.send(frame.answer(3, 'x'));
    assert.is(over.status?.code, 0);
    if (name === 'empty DATA' || name === 'DATA of padding') peer.send(head);
    for (let i = 0; i < 2_000 && peer.reports.length === 1; i++) peer.send(one);
    assert.match(peer.failure.details, /frames in a row that serve no call/);
    assert.is(brief(await peer.frames()).at(-1), `GOAWAY ${ENHANCE_YOUR_CALM}`);
  });
}

test('empty CONTINUATION frames are a flood', async () => {
  const peer = await FakePeer.ready();
  peer.ask();
  await peer.frames();
  peer.send(open);
  for (let i = 0; i < 2_000 && peer.reports.length === 1; i++) peer.send(frame.raw(CONTINUATION, 0, 1, zeros(0)));
  assert.is(brief(await peer.frames()).at(-1), `GOAWAY ${ENHANCE_YOUR_CALM}`);
});

test('frames that serve no call are no flood between answers, nor over a long time', async () => {
  const peer = await FakePeer.ready();
  for (let i = 0; i < 5; i++) {
    peer.ask();
    await peer.frames();
    for (let n = 0; n < 900; n++) peer.send(frame.ping());
    peer.send(frame.answer(2 * i + 1, 'x'));
  }
  for (let i = 0; i < 5_000; i++) {
    peer.clock.time += 11;
    peer.send(frame.ping());
  }
  assert.equal(peer.reports, ['ready']);
});

test('a peer that refuses many calls, or cancels them, is no flood', async () => {
  const peer = await FakePeer.ready();
  for (let i = 0; i < 2_500; i++) {
    peer.ask();
    if (i % 100 === 99) {
      await settle();
      for (let n = i - 99; n <= i; n++) peer.send(frame.reset(2 * n + 1, 7));
    }
  }
  assert.equal(peer.reports, ['ready']);
});

test('a peer that provokes answers and does not read them costs no more than a bound', async () => {
  const peer = await FakePeer.ready();
  peer.ask();
  await peer.frames();
  peer.socket.stuck = true;
  peer.ask();
  await settle();
  let sent = 0;
  for (; peer.reports.length === 1 && sent < 1e6; sent++) {
    // No flood by number: it takes its time.
    peer.clock.time += 100;
    peer.send(frame.ping());
  }
  assert.match(peer.failure.details, /does not read the answers/);
  assert.ok(sent > 10_000 && sent < 20_000, `${sent}`);
});

test.run();
