import { assert, seeded, settle, suite } from '@etcdts/testing';
import { brief, frame, GOOD, GRPC, type FakeFrame } from './fake-frames.test.kit.ts';
import { FakePeer } from './fake-peer.test.kit.ts';

const test = suite('what a connection sends');

const MAX_CONCURRENT_STREAMS = 3;
const INITIAL_WINDOW_SIZE = 4;
const MAX_FRAME_SIZE = 5;
const MAX_HEADER_LIST_SIZE = 6;

/** The lengths of the DATA frames of each stream, in order. */
function lengths(frames: readonly FakeFrame[]): readonly string[] {
  return frames.filter(({ type }) => type === 'DATA').map(({ id, payload }) => `${id}: ${payload.length}`);
}

test('no stream sends more than its window; what is left follows with WINDOW_UPDATE', async () => {
  const peer = await FakePeer.ready({ [INITIAL_WINDOW_SIZE]: 10 });
  peer.ask('x'.repeat(20));
  assert.equal(lengths(await peer.frames()), ['1: 10']);
  peer.ask('y');
  assert.equal(lengths(await peer.frames()), ['3: 6']);
  peer.send(frame.windowUpdate(1, 4));
  assert.equal(lengths(await peer.frames()), ['1: 4']);
  peer.send(frame.windowUpdate(1, 100));
  assert.equal(brief(await peer.frames()), ['DATA 1 end']);
});

test('a large request is divided into frames of the size that the peer accepts', async () => {
  const peer = await FakePeer.ready({ [INITIAL_WINDOW_SIZE]: 1_000_000 });
  peer.send(frame.windowUpdate(0, 1_000_000));
  peer.ask('x'.repeat(40_000));
  assert.equal(lengths(await peer.frames()), ['1: 16384', '1: 16384', '1: 7237']);
  peer.send(frame.settings({ [MAX_FRAME_SIZE]: 30_000 }));
  peer.ask('x'.repeat(40_000));
  assert.equal(lengths(await peer.frames()), ['3: 30000', '3: 10005']);
});

test('the window of the connection is shared fairly, a frame each in turn', async () => {
  const peer = await FakePeer.ready({ [INITIAL_WINDOW_SIZE]: 1_000_000 });
  for (let i = 0; i < 3; i++) peer.ask('x'.repeat(50_000));
  await peer.frames();
  const sent = new Map<number, number>();
  for (let round = 0; round < 8; round++) {
    peer.send(frame.windowUpdate(0, 16_384));
    for (const { type, id, payload } of await peer.frames()) {
      if (type === 'DATA') sent.set(id, (sent.get(id) ?? 0) + payload.length);
    }
    const shares = [1, 3, 5].map((id) => sent.get(id) ?? 0);
    assert.ok(Math.max(...shares) - Math.min(...shares) <= 2 * 16_384, `${shares} after ${round}`);
  }
});

test('a small call does not overtake those that wait for the window of the connection, nor wait for all of them', async () => {
  const peer = await FakePeer.ready({ [INITIAL_WINDOW_SIZE]: 1_000_000 });
  peer.ask('x'.repeat(150_000));
  peer.ask('y'.repeat(150_000));
  await peer.frames();
  peer.ask('z');
  assert.equal(brief(await peer.frames()), ['HEADERS 5']);
  peer.send(frame.windowUpdate(0, 6));
  peer.ask('z');
  assert.equal(lengths(await peer.frames()), ['1: 6']);
  peer.send(frame.windowUpdate(0, 4 * 16_384));
  const order = (await peer.frames()).map(({ id }) => id);
  assert.equal(new Set(order), new Set([1, 3, 5, 7]));
});

test('a call whose own window opens stands behind those that wait for the connection', async () => {
  const peer = await FakePeer.ready({ [INITIAL_WINDOW_SIZE]: 10_000 });
  peer.ask('x'.repeat(60_000));
  peer.ask('y'.repeat(100_000));
  await peer.frames();
  peer.send(frame.windowUpdate(3, 100_000));
  await peer.frames();
  peer.send(frame.windowUpdate(1, 50_000));
  await peer.frames();
  peer.send(frame.windowUpdate(0, 100));
  assert.equal(lengths(await peer.frames()), ['3: 100']);
});

test('calls that do not fit the socket any more have not left', async () => {
  const peer = await FakePeer.ready();
  peer.send(frame.windowUpdate(0, 10_000_000));
  peer.socket.stuck = true;
  const talks = Array.from({ length: 1_000 }, () => peer.ask('x'.repeat(1_000)));
  await settle();
  const unsent = talks.filter(({ call }) => call.unsent !== undefined).length;
  assert.ok(unsent > 700 && unsent < 800, `${unsent}`);
  assert.ok(peer.socket.writableLength < 300_000, `${peer.socket.writableLength}`);
  peer.lose();
  await settle();
  assert.is(talks.filter(({ status }) => status?.reach === 'unsent').length, unsent);
});

test('a large request is given to the socket in portions, as it takes them', async () => {
  const peer = await FakePeer.ready({ [INITIAL_WINDOW_SIZE]: 10_000_000 });
  peer.send(frame.windowUpdate(0, 10_000_000));
  peer.socket.stuck = true;
  const message = 'x'.repeat(1_000_000);
  peer.ask(message);
  await settle();
  assert.ok(peer.socket.writableLength < 300_000, `${peer.socket.writableLength}`);
  peer.drain();
  const body = Buffer.concat((await peer.frames()).filter(({ type }) => type === 'DATA').map(({ payload }) => payload));
  assert.ok(body.equals(frame.message(message)));
});

test('the end of a stream needs no window', async () => {
  const peer = await FakePeer.ready({ [INITIAL_WINDOW_SIZE]: 100_000 });
  const talk = peer.start();
  talk.call.send(frame.message('1'));
  const full = peer.ask('x'.repeat(90_000));
  await peer.frames();
  assert.is(full.status, undefined);
  talk.call.halfClose();
  assert.equal(brief(await peer.frames()), ['DATA 1 end']);
});

test('settings change the windows of open streams, below zero as well', async () => {
  const peer = await FakePeer.ready({ [INITIAL_WINDOW_SIZE]: 10 });
  peer.ask('x'.repeat(20));
  await peer.frames();
  peer.send(frame.settings({ [INITIAL_WINDOW_SIZE]: 2 }));
  assert.equal(brief(await peer.frames()), ['SETTINGS ack']);
  // The window is -8 now.
  peer.send(frame.windowUpdate(1, 8));
  assert.equal(await peer.frames(), []);
  peer.send(frame.windowUpdate(1, 1));
  assert.equal(lengths(await peer.frames()), ['1: 1']);
  peer.send(frame.settings({ [INITIAL_WINDOW_SIZE]: 5 }));
  assert.equal(lengths(await peer.frames()), ['1: 3']);
});

test('windows beyond 2^31-1 are refused: of a stream alone, of the connection and by settings with the connection', async () => {
  const peer = await FakePeer.ready();
  const [talk, other] = [peer.ask(), peer.ask()];
  await peer.frames();
  peer.send(frame.windowUpdate(1, 2 ** 31 - 1), frame.answer(3, 'x'));
  assert.equal([talk.status?.code, other.status?.code], [13, 0]);
  assert.equal(brief(await peer.frames()), ['RST_STREAM 1 3']);
  peer.send(frame.windowUpdate(0, 2 ** 31 - 1));
  assert.equal(brief(await peer.frames()), ['GOAWAY 3']);
  const second = await FakePeer.ready();
  second.ask();
  await second.frames();
  second.send(frame.windowUpdate(1, 1_000_000));
  second.send(frame.windowUpdate(1, 2 ** 31 - 1 - 1_065_529), frame.settings({ [INITIAL_WINDOW_SIZE]: 65_536 }));
  assert.equal(brief(await second.frames()).at(-1), 'GOAWAY 3');
});

test('a WINDOW_UPDATE of 0 ends its stream, or the connection', async () => {
  const peer = await FakePeer.ready();
  const talk = peer.ask();
  await peer.frames();
  peer.send(frame.windowUpdate(1, 0));
  assert.is(talk.status?.code, 13);
  assert.equal(brief(await peer.frames()), ['RST_STREAM 1 1']);
  peer.send(frame.windowUpdate(0, 0));
  assert.equal(brief(await peer.frames()), ['GOAWAY 1']);
});

test('frames of many messages keep their order behind a window that is closed', async () => {
  const peer = await FakePeer.ready({ [INITIAL_WINDOW_SIZE]: 0 });
  const talk = peer.start();
  const bodies = Array.from({ length: 3_000 }, (_, i) => frame.message(`${i}`));
  for (const body of bodies) talk.call.send(body);
  talk.call.halfClose();
  assert.equal(brief(await peer.frames()), ['HEADERS 1']);
  peer.send(frame.windowUpdate(1, 60_000));
  const frames = await peer.frames();
  assert.ok(Buffer.concat(bodies).equals(Buffer.concat(frames.map(({ payload }) => payload))));
  assert.is(brief(frames).at(-1), 'DATA 1 end');
});

test('calls beyond the streams that the peer allows wait, in order, and each start of a wait is reported once', async () => {
  const peer = await FakePeer.ready({ [MAX_CONCURRENT_STREAMS]: 1 });
  const talks = ['a', 'b', 'c', 'd'].map((one) => peer.ask(one));
  assert.equal(brief(await peer.frames()), ['HEADERS 1', 'DATA 1 end']);
  const why = 'the call waits for a stream: the peer allows 1 at a time';
  assert.equal(
    talks.map(({ call }) => call.unsent),
    [undefined, why, why, why],
  );
  assert.equal(peer.crowded, [1]);
  talks[1]?.call.cancel();
  peer.send(frame.answer(1, 'x'));
  const [, data] = await peer.frames();
  assert.equal(data?.payload, frame.message('c'));
  assert.equal(peer.crowded, [1]);
  talks[3]?.call.cancel();
  peer.ask('e');
  await peer.frames();
  assert.equal(peer.crowded, [1, 1]);
});

test('a limit that changes begins more calls, and none while it is below those that are open; 0 lets none begin', async () => {
  const peer = await FakePeer.ready({ [MAX_CONCURRENT_STREAMS]: 2 });
  for (let i = 0; i < 6; i++) peer.ask();
  assert.equal(brief(await peer.frames()).length, 4);
  peer.send(frame.settings({ [MAX_CONCURRENT_STREAMS]: 0 }));
  peer.send(frame.answer(1, 'x'), frame.answer(3, 'x'));
  assert.equal(brief(await peer.frames()), ['SETTINGS ack']);
  peer.send(frame.settings({ [MAX_CONCURRENT_STREAMS]: 3 }));
  const begun = (await peer.frames()).filter(({ type }) => type === 'HEADERS').map(({ id }) => id);
  assert.equal(begun, [5, 7, 9]);
  const none = await FakePeer.ready({ [MAX_CONCURRENT_STREAMS]: 0 });
  const talk = none.ask();
  assert.equal(await none.frames(), []);
  assert.is(talk.call.unsent, 'the call waits for a stream: the peer allows 0 at a time');
  assert.equal(none.crowded, [0]);
});

test('calls that wait when the connection is lost end as unsent, those that have left as sent', async () => {
  const peer = await FakePeer.ready({ [MAX_CONCURRENT_STREAMS]: 1 });
  const talks = [peer.ask(), peer.ask(), peer.ask()];
  await peer.frames();
  peer.lose('gone');
  await settle();
  assert.equal(
    talks.map(({ status }) => `${status?.reach} ${status?.details}`),
    ['sent gone', 'unsent gone', 'unsent gone'],
  );
});

test('headers beyond what the peer accepts end their call before it leaves', async () => {
  const peer = await FakePeer.ready({ [MAX_HEADER_LIST_SIZE]: 500 });
  const [large, small] = [peer.ask('x', '/s/M', { token: 'x'.repeat(500) }), peer.ask()];
  assert.equal(brief(await peer.frames()), ['HEADERS 1', 'DATA 1 end']);
  assert.equal([large.status?.code, large.status?.reach, small.status], [8, 'unsent', undefined]);
  assert.match(large.status?.details ?? '', /the peer accepts 500/);
});

test('headers larger than a frame are continued', async () => {
  const peer = await FakePeer.ready();
  // Random, so that Huffman's code does not make it small.
  const token = Buffer.from(Array.from({ length: 30_000 }, seeded(7)).map((n) => Math.floor(n * 256))).toString(
    'base64',
  );
  peer.ask('x', '/s/M', { token });
  const frames = await peer.frames();
  assert.equal(brief(frames).slice(0, 2), ['HEADERS 1', 'CONTINUATION 1']);
  assert.is(frames[0]?.payload.length, 16_384);
  assert.equal(
    frames.slice(0, -1).map(({ flags }) => flags & 4),
    [...frames.slice(0, -2).map(() => 0), 4],
  );
  assert.equal(brief(frames).at(-1), 'DATA 1 end');
  peer.ask('y');
  assert.equal(brief(await peer.frames()), ['HEADERS 3', 'DATA 3 end']);
});

test('the settings of the table shrink it, and blocks are right before and after', async () => {
  const HEADER_TABLE_SIZE = 1;
  const peer = await FakePeer.ready();
  const metadata = { token: 'abc' };
  const fields = async (): Promise<unknown> => {
    peer.ask('x', '/s/M', metadata);
    return (await peer.frames()).find(({ type }) => type === 'HEADERS')?.fields;
  };
  const first = await fields();
  for (const size of [4_096, 0, 0, 200, 4_096, 100_000]) {
    peer.send(frame.settings({ [HEADER_TABLE_SIZE]: size }));
    for (let i = 0; i < 3; i++) assert.equal(await fields(), first);
  }
  peer.send(frame.settings({ [HEADER_TABLE_SIZE]: 0 }));
  peer.ask();
  // The peer's table is empty from this update of its size on (RFC 7541, 4.2).
  assert.is((await peer.frames()).find(({ type }) => type === 'HEADERS')?.payload[0], 0x20);
});

test('the ids of streams are used to the last one; then the connection is given up, and calls end as usual', async () => {
  const peer = await FakePeer.ready({}, { firstStreamId: 2 ** 31 - 3 });
  const talks = [peer.ask(), peer.ask(), peer.ask()];
  const frames = await peer.frames();
  assert.equal(
    brief(frames),
    [2 ** 31 - 3, 2 ** 31 - 1].flatMap((id) => [`HEADERS ${id}`, `DATA ${id} end`]),
  );
  assert.equal(peer.failure, { details: 'the ids of streams are used up', tls: false, graceful: true });
  assert.equal(
    talks.map(({ status }) => status?.reach),
    [undefined, undefined, 'unsent'],
  );
  peer.send(frame.answer(2 ** 31 - 1, 'b'), frame.answer(2 ** 31 - 3, 'a'));
  assert.equal([talks[0]?.texts, talks[1]?.texts], [['a'], ['b']]);
  assert.equal(brief(await peer.frames()), ['GOAWAY 0']);
  assert.is(peer.socket.state, 'ended');
});

test('whatever windows a peer grants, nothing is sent beyond them, and all arrives in order in the end', async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = seeded(seed);
    const below = (n: number): number => Math.floor(random() * n);
    let initial = below(50);
    const peer = await FakePeer.ready({ [INITIAL_WINDOW_SIZE]: initial });
    const windows = new Map<number, number>();
    let connection = 65_535;
    const received = new Map<number, Buffer[]>();
    const ended = new Set<number>();
    const expected: Buffer[] = [];
    const take = async (): Promise<void> => {
      for (const { type, id, flags, payload } of await peer.frames()) {
        if (type === 'HEADERS') windows.set(id, initial);
        if (type !== 'DATA') continue;
        assert.ok(!ended.has(id), 'nothing follows the end');
        if ((flags & 1) !== 0) ended.add(id);
        const window = (windows.get(id) as number) - payload.length;
        connection -= payload.length;
        windows.set(id, window);
        assert.ok(payload.length === 0 || (window >= 0 && connection >= 0), `seed ${seed}: ${window}, ${connection}`);
        received.set(id, [...(received.get(id) ?? []), payload]);
      }
    };
    for (let step = 0; step < 60; step++) {
      const choice = below(5);
      if (choice === 0 && expected.length < 10) {
        const bodies = Array.from({ length: 1 + below(4) }, () => frame.message('x'.repeat(below(20_000))));
        expected.push(Buffer.concat(bodies));
        const { call } = peer.start();
        for (const body of bodies) call.send(body);
        call.halfClose();
      } else if (choice === 1) {
        const next = below(40_000);
        for (const [id, window] of windows) windows.set(id, window + next - initial);
        initial = next;
        peer.send(frame.settings({ [INITIAL_WINDOW_SIZE]: next }));
      } else if (choice === 2) {
        const more = 1 + below(20_000);
        connection += more;
        peer.send(frame.windowUpdate(0, more));
      } else if (windows.size > 0) {
        const id = 2 * below(windows.size) + 1;
        const more = 1 + below(9_000);
        windows.set(id, (windows.get(id) as number) + more);
        peer.send(frame.windowUpdate(id, more));
      }
      await take();
    }
    for (const [id, window] of windows) {
      windows.set(id, window + 200_000);
      peer.send(frame.windowUpdate(id, 200_000));
    }
    connection += 2_000_000;
    peer.send(frame.windowUpdate(0, 2_000_000));
    await take();
    assert.is(ended.size, expected.length);
    for (const [i, body] of expected.entries()) {
      assert.ok(body.equals(Buffer.concat(received.get(2 * i + 1) ?? [])), `seed ${seed}, stream ${2 * i + 1}`);
    }
  }
});

test('a call that ends drops what it has not sent, and its share goes to others', async () => {
  const peer = await FakePeer.ready({ [INITIAL_WINDOW_SIZE]: 1_000_000 });
  const first = peer.ask('x'.repeat(100_000));
  await peer.frames();
  const second = peer.ask('y'.repeat(10));
  assert.equal(brief(await peer.frames()), ['HEADERS 3']);
  first.call.cancel();
  assert.equal(brief(await peer.frames()), ['RST_STREAM 1 8']);
  peer.send(frame.windowUpdate(0, 100));
  assert.equal(lengths(await peer.frames()), ['3: 15']);
  peer.send(frame.headers(3, GRPC), frame.headers(3, GOOD, true));
  assert.is(second.status?.code, 0);
});

test.run();
