import { assert, suite } from '@etcdts/testing';
import { brief, END_HEADERS, frame, GOOD, GRPC, PADDED, type Fields } from './fake-frames.test.kit.ts';
import { FakePeer, type FakeListener } from './fake-peer.test.kit.ts';

const test = suite('a call over HTTP/2');

const GRPC_GOOD: Fields = [...GRPC, ...GOOD];

/** A call that has left, on a peer of its own. */
async function asked(): Promise<{ peer: FakePeer; talk: FakeListener }> {
  const peer = await FakePeer.ready();
  const talk = peer.ask();
  await peer.frames();
  return { peer, talk };
}

test('messages come in the order of the peer, however their bytes are divided', async () => {
  const messages = ['', 'a', 'x'.repeat(47), 'y'.repeat(49), 'z'.repeat(20_000), ''];
  const body = Buffer.concat(messages.map((one) => frame.message(one)));
  for (const size of [1, 3, 5, 6, 1_000, 16_384]) {
    const { peer, talk } = await asked();
    peer.send(frame.headers(1, GRPC));
    for (let at = 0; at < body.length; at += size) peer.send(frame.data(1, body.subarray(at, at + size)));
    peer.send(frame.headers(1, GOOD, true));
    assert.equal(talk.texts, messages);
    assert.is(talk.status?.code, 0);
  }
});

test('bytes may come divided at any place, frame headers included', async () => {
  const { peer, talk } = await asked();
  const bytes = Buffer.concat([frame.ping(), frame.answer(1, 'hello', 'world')]);
  for (const byte of bytes) peer.send(Buffer.from([byte]));
  assert.equal([talk.texts, talk.status?.code], [['hello', 'world'], 0]);
  assert.equal(brief(await peer.frames()), ['PING ack']);
});

test('padding is no content', async () => {
  const { peer, talk } = await asked();
  const padded = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([7]), bytes, Buffer.alloc(7, 1)]);
  const head = frame.headers(1, GRPC).subarray(9);
  const priority = Buffer.from([0, 0, 0, 0, 1]);
  peer.send(frame.raw(1, END_HEADERS | PADDED | 0x20, 1, padded(Buffer.concat([priority, head]))));
  const data = frame.raw(0, PADDED, 1, padded(frame.message('hi')));
  for (const byte of data) peer.send(Buffer.from([byte]));
  peer.send(frame.headers(1, GOOD, true));
  assert.equal([talk.texts, talk.status?.code], [['hi'], 0]);
});

test('a message of its own belongs to the listener', async () => {
  const { peer, talk } = await asked();
  const bytes = Buffer.concat([frame.headers(1, GRPC), frame.data(1, frame.message('kept'))]);
  peer.send(bytes);
  const again = Buffer.from(bytes).fill(0);
  assert.is(again[0], 0);
  assert.equal(talk.texts, ['kept']);
});

test('a stream reports one message for each read, and its end after all of them', async () => {
  const peer = await FakePeer.ready();
  const talk = peer.start();
  talk.call.read();
  await peer.frames();
  peer.send(frame.answer(1, '1', '2', '3'));
  assert.equal(talk.texts, ['1']);
  talk.call.read();
  assert.equal(talk.texts, ['1', '2']);
  assert.is(talk.status, undefined);
  talk.react = () => talk.call.read();
  talk.call.read();
  assert.equal(talk.texts, ['1', '2', '3']);
  assert.is(talk.status?.code, 0);
});

test('a reader that reads on within each message is not called within itself', async () => {
  const peer = await FakePeer.ready();
  const talk = peer.start();
  await peer.frames();
  const many = Array.from({ length: 15_000 }, () => frame.message(''));
  peer.send(frame.headers(1, GRPC));
  for (let at = 0; at < many.length; at += 3_000) {
    peer.send(frame.data(1, Buffer.concat(many.slice(at, at + 3_000))));
  }
  peer.send(frame.headers(1, GOOD, true));
  let deep = 0;
  talk.react = () => {
    deep++;
    assert.is(deep, 1);
    talk.call.read();
    deep--;
  };
  talk.call.read();
  assert.is(talk.messages.length, 15_000);
  assert.is(talk.status?.code, 0);
});

test('a call that is cancelled reports nothing more: in a message, with messages unread, and after its end', async () => {
  const peer = await FakePeer.ready();
  const [inside, unread, ended] = [peer.ask(), peer.start(), peer.ask()];
  inside.react = () => inside.call.cancel();
  await peer.frames();
  peer.send(frame.answer(1, '1', '2'), frame.answer(3, '1'), frame.answer(5, '1'));
  unread.call.cancel();
  unread.call.read();
  ended.call.cancel();
  assert.equal([inside.texts, inside.status], [['1'], undefined]);
  assert.equal([unread.texts, unread.status], [[], undefined]);
  assert.is(ended.status?.code, 0);
  // Stream 3 has ended before our half has.
  assert.equal(brief(await peer.frames()), ['RST_STREAM 1 8', 'RST_STREAM 3 0']);
  assert.equal(peer.reports, ['ready']);
});

test('a call that is cancelled in its turn never leaves, and takes no stream', async () => {
  const peer = await FakePeer.ready();
  const talk = peer.ask();
  peer.start().call.cancel();
  const kept = peer.ask();
  talk.call.cancel();
  assert.is(talk.call.unsent, undefined);
  assert.equal(brief(await peer.frames()), ['HEADERS 1', 'DATA 1 end']);
  peer.send(frame.answer(1, 'x'));
  assert.equal([talk.status, kept.status?.code], [undefined, 0]);
});

test('a stream may end with no message, by HEADERS alone or by an empty DATA', async () => {
  const peer = await FakePeer.ready();
  peer.start().call.halfClose();
  assert.equal(brief(await peer.frames()), ['HEADERS 1 end']);
  const second = peer.start();
  second.call.send(frame.message('1'));
  assert.equal(brief(await peer.frames()), ['HEADERS 3', 'DATA 3']);
  second.call.halfClose();
  second.call.halfClose();
  second.call.send(frame.message('2'));
  const [end, ...rest] = await peer.frames();
  assert.equal([brief([end!]), end?.payload.length, rest], [['DATA 3 end'], 0, []]);
  peer.send(frame.headers(1, GRPC_GOOD, true), frame.headers(3, GRPC_GOOD, true));
  // Both halves have ended: nothing is to be reset.
  assert.equal(await peer.frames(), []);
});

/** What the peer answers with HEADERS, and perhaps a second block that ends the stream: code and text. */
const ENDS: Readonly<Record<string, readonly [blocks: readonly Fields[], code: number, details: RegExp]>> = {
  'trailers only': [[GRPC_GOOD], 0, /^$/],
  'trailers only with a status': [[[...GRPC, ['grpc-status', '5'], ['grpc-message', 'n%C3%B6']]], 5, /^nö$/],
  'trailers only over HTTP status 502': [
    [
      [
        [':status', '502'],
        ['grpc-status', '7'],
      ],
    ],
    7,
    /^$/,
  ],
  'a text that is badly encoded': [
    [
      GRPC,
      [
        ['grpc-status', '2'],
        ['grpc-message', '%E0%A4%A'],
      ],
    ],
    2,
    /^%E0%A4%A$/,
  ],
  'OK with a text': [[GRPC, [...GOOD, ['grpc-message', 'fine']]], 0, /^fine$/],
  'no status': [[GRPC, [['other', 'x']]], 2, /no status/],
  'a status that is no number': [[GRPC, [['grpc-status', 'one']]], NaN, /^$/],
  'HTTP status 404': [
    [
      [
        [':status', '404'],
        ['content-type', 'text/html'],
      ],
    ],
    12,
    /HTTP status 404 and text\/html/,
  ],
  'HTTP status 503': [[[[':status', '503']]], 14, /HTTP status 503, not with gRPC/],
  'another type': [
    [
      [
        [':status', '200'],
        ['content-type', 'text/html'],
      ],
    ],
    2,
    /text\/html/,
  ],
  'a type with a parameter': [
    [
      [
        [':status', '200'],
        ['content-type', 'application/grpc;x=y'],
      ],
      GOOD,
    ],
    0,
    /^$/,
  ],
  'informational responses before': [[[[':status', '103']], [[':status', '100']], GRPC, GOOD], 0, /^$/],
};
for (const [name, [blocks, code, details]] of Object.entries(ENDS)) {
  test(`the end of a call: ${name}`, async () => {
    const { peer, talk } = await asked();
    peer.send(...blocks.map((fields, i) => frame.headers(1, fields, i === blocks.length - 1)));
    assert.equal(talk.status?.code, code);
    assert.match(talk.status?.details ?? '', details);
    assert.is(talk.status?.reach, 'sent');
    assert.equal(await peer.frames(), []);
    assert.equal(peer.reports, ['ready']);
  });
}

/** What is malformed (RFC 9113, 8.1.1) costs the peer the stream, and nothing else. */
const MALFORMED: Readonly<Record<string, readonly Buffer[]>> = {
  'no :status': [frame.headers(1, [['content-type', 'application/grpc']])],
  ':status twice': [frame.headers(1, [[':status', '200'], ...GRPC])],
  ':status behind a field': [frame.headers(1, [['a', 'b'], ...GRPC])],
  ':status of two digits': [
    frame.headers(1, [
      [':status', '20'],
      ['content-type', 'application/grpc'],
    ]),
  ],
  ':status of letters': [frame.headers(1, [[':status', 'abc']])],
  'a pseudo-header of requests': [frame.headers(1, [...GRPC, [':path', '/']])],
  'a name in upper case': [frame.headers(1, [...GRPC, ['Date', 'x']])],
  'a name with a space': [frame.headers(1, [...GRPC, ['a b', 'x']])],
  'an empty name': [frame.headers(1, [...GRPC, ['', 'x']])],
  'a value with a line break': [frame.headers(1, [...GRPC, ['a', 'x\r\ny']])],
  'a field of HTTP/1': [frame.headers(1, [...GRPC, ['connection', 'close']])],
  'status 101': [frame.headers(1, [[':status', '101']])],
  'an informational response that ends it': [frame.headers(1, [[':status', '100']], true)],
  ':status in trailers': [frame.headers(1, GRPC), frame.headers(1, [[':status', '200'], ...GOOD], true)],
  'trailers that do not end it': [frame.headers(1, GRPC), frame.headers(1, GOOD)],
  'DATA before headers': [frame.data(1, frame.message('x'))],
  'content-length of letters': [frame.headers(1, [...GRPC, ['content-length', 'x']])],
  'two content-lengths': [frame.headers(1, [...GRPC, ['content-length', '1'], ['content-length', '2']])],
  'more than content-length': [frame.headers(1, [...GRPC, ['content-length', '5']]), frame.data(1, frame.message('x'))],
  'less than content-length': [
    frame.headers(1, [...GRPC, ['content-length', '7']]),
    frame.data(1, frame.message('x')),
    frame.headers(1, GOOD, true),
  ],
};
for (const [name, frames] of Object.entries(MALFORMED)) {
  test(`a malformed response ends its call alone: ${name}`, async () => {
    const { peer, talk } = await asked();
    const other = peer.ask();
    await peer.frames();
    peer.send(...frames, frame.answer(3, 'x'));
    assert.equal([talk.status?.code, talk.status?.reach], [13, 'sent']);
    assert.equal(brief(await peer.frames()), ['RST_STREAM 1 1']);
    assert.is(other.status?.code, 0);
    assert.equal(peer.reports, ['ready']);
  });
}

test('content-length that is right is accepted', async () => {
  const { peer, talk } = await asked();
  peer.send(
    frame.headers(1, [...GRPC, ['content-length', '6']]),
    frame.data(1, frame.message('x')),
    frame.headers(1, GOOD, true),
  );
  assert.equal([talk.texts, talk.status?.code], [['x'], 0]);
});

test('an answer that is not of gRPC, and goes on, is cancelled', async () => {
  const { peer, talk } = await asked();
  peer.send(
    frame.headers(1, [
      [':status', '502'],
      ['content-type', 'text/html'],
    ]),
    frame.data(1, Buffer.from('<html>'), true),
  );
  assert.is(talk.status?.code, 14);
  assert.equal(brief(await peer.frames()), ['RST_STREAM 1 8']);
});

test('a stream that ends without trailers, or within a message, has failed', async () => {
  const { peer, talk } = await asked();
  peer.send(frame.headers(1, GRPC), frame.data(1, frame.message('x'), true));
  assert.equal([talk.texts, talk.status?.code], [['x'], 13]);
  const cut = peer.ask();
  const failed = peer.ask();
  await peer.frames();
  const part = frame.message('hello').subarray(0, 7);
  peer.send(frame.headers(3, GRPC), frame.data(3, part), frame.headers(3, GOOD, true));
  peer.send(frame.headers(5, GRPC), frame.data(5, part), frame.headers(5, [['grpc-status', '9']], true));
  assert.equal([cut.status?.code, failed.status?.code], [13, 9]);
  assert.match(cut.status?.details ?? '', /within a message/);
});

test('a message in parts is put in a Buffer of the owner', async () => {
  const made: Buffer[] = [];
  const messageBuffer = (length: number): Buffer => {
    made.push(Buffer.alloc(length));
    return made.at(-1) as Buffer;
  };
  const peer = await FakePeer.ready({}, {}, { messageBuffer });
  const talk = peer.ask();
  await peer.frames();
  const large = frame.message('x'.repeat(3_000));
  const parts = [large.subarray(0, 3), large.subarray(3, 2_000), large.subarray(2_000)];
  peer.send(frame.headers(1, GRPC), ...parts.map((part) => frame.data(1, part)), frame.headers(1, GOOD, true));
  assert.equal(talk.status?.code, 0);
  assert.equal(
    made.map(({ length }) => length),
    [3_000],
  );
  assert.is(talk.messages[0], made[0]);
  assert.is(made[0]?.toString(), 'x'.repeat(3_000));
});

test('a message beyond the limit, or a compressed one, ends the call', async () => {
  const peer = await FakePeer.ready({}, {}, { maxReceiveBytes: 10 });
  const talks = [peer.ask(), peer.ask(), peer.ask(), peer.ask()];
  await peer.frames();
  const large = frame.message('x'.repeat(11));
  const compressed = Buffer.from(frame.message('x'));
  compressed[0] = 1;
  for (const id of [1, 3, 5, 7]) peer.send(frame.headers(id, GRPC));
  peer.send(frame.data(1, large), frame.data(3, large.subarray(0, 3)), frame.data(3, large.subarray(3)));
  peer.send(frame.data(5, compressed), frame.data(7, compressed.subarray(0, 1)), frame.data(7, compressed.subarray(1)));
  assert.equal(
    talks.map(({ status }) => [status?.code, status?.tooLarge, status?.reach]),
    [
      [8, true, 'sent'],
      [8, true, 'sent'],
      [13, undefined, 'sent'],
      [13, undefined, 'sent'],
    ],
  );
  assert.match(talks[0]?.status?.details ?? '', /11 bytes, and the limit is 10/);
  assert.equal(
    brief(await peer.frames()),
    [1, 3, 5, 7].map((id) => `RST_STREAM ${id} 8`),
  );
});

test('RST_STREAM has the code of gRPC, and refuses only what was not answered', async () => {
  const codes = [13, 13, 13, 13, 13, 13, 13, 14, 1, 13, 13, 8, 7, 13, 13];
  const peer = await FakePeer.ready();
  const talks = codes.map(() => peer.ask());
  const answered = peer.ask();
  await peer.frames();
  codes.forEach((_, i) => peer.send(frame.reset(2 * i + 1, i === 14 ? 999 : i)));
  assert.equal(
    talks.map(({ status }) => status?.code),
    codes,
  );
  assert.equal(
    talks.flatMap(({ status }, i) => (status?.reach === 'refused' ? [i] : [])),
    [7],
  );
  const id = 2 * codes.length + 1;
  peer.send(frame.headers(id, GRPC), frame.reset(id, 7));
  assert.equal([answered.status?.code, answered.status?.reach], [14, 'sent']);
  // One whose half has not ended is not reset in return (RFC 9113, 5.4.2).
  const stream = peer.start();
  await peer.frames();
  peer.send(frame.reset(id + 2, 8));
  assert.is(stream.status?.code, 1);
  assert.equal(await peer.frames(), []);
});

test.run();
