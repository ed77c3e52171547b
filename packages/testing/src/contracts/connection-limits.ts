import type { Transport } from '@etcdts/core/plugin';
import type { ServerHttp2Stream } from 'node:http2';
import { eventually } from '../eventually.ts';
import { assert, type Suite } from '../suite.ts';
import { answer, frame, Line, Peer, received } from './connection-peer.ts';

const OK = { 'grpc-status': '0' };
const FEW = { maxConcurrentStreams: 2 };

/** A peer that allows two streams, and the streams that have reached it. */
async function narrow(): Promise<{ peer: Peer; streams: ServerHttp2Stream[] }> {
  const streams: ServerHttp2Stream[] = [];
  const peer = await Peer.http2((stream) => void streams.push(stream), FEW);
  return { peer, streams };
}

const nth = (streams: readonly ServerHttp2Stream[], n: number): ServerHttp2Stream => streams[n] as ServerHttp2Stream;

/** Adds the tests of peers that allow few streams at a time. */
export function limitContract(test: Suite, transport: () => Transport): void {
  test('a call beyond the streams that a peer allows waits, with the reason in unsent, and begins when one ends', async () => {
    const { peer: closing, streams } = await narrow();
    await using peer = closing;
    await using line = await new Line(transport(), peer.endpoint()).ready();
    const talks = Array.from({ length: 6 }, (_, i) => line.startWhole(Buffer.from(`${i}`)));
    await eventually(() => streams.length === 2);
    assert.equal(
      talks.map(({ call }) => call.unsent),
      [undefined, undefined, ...Array(4).fill('the call waits for a stream: the peer allows 2 at a time')],
    );
    assert.equal(line.crowded, [2]);
    for (let i = 0; i < talks.length; i++) {
      await eventually(() => streams.length > i);
      assert.equal(await received(nth(streams, i)), frame(Buffer.from(`${i}`)));
      answer(nth(streams, i), OK, Buffer.from('x'));
      assert.is((await talks[i]?.end())?.code, 0);
    }
    assert.ok(talks.every(({ call }) => call.unsent === undefined));
    assert.equal(line.crowded, [2]);
  });

  test('a call that waits keeps its frames, its end and its reads, in order', async () => {
    const { peer: closing, streams } = await narrow();
    await using peer = closing;
    await using line = await new Line(transport(), peer.endpoint()).ready();
    const first = [line.startWhole(Buffer.from('a')), line.startWhole(Buffer.from('b'))];
    await eventually(() => streams.length === 2);
    const talk = line.start();
    const frames = ['1', '2', '3'].map((text) => frame(Buffer.from(text)));
    for (const one of frames) talk.call.send(one);
    talk.call.halfClose();
    talk.call.read();
    answer(nth(streams, 0), OK, Buffer.from('x'));
    await first[0]?.end();
    await eventually(() => streams.length === 3);
    assert.equal(await received(nth(streams, 2)), Buffer.concat(frames));
    answer(nth(streams, 2), OK, Buffer.from('x'));
    assert.is((await talk.end()).code, 0);
    assert.equal(talk.messages, [Buffer.from('x')]);
  });

  test('a call that is cancelled while it waits never leaves, and holds up nobody', async () => {
    const paths: string[] = [];
    const streams: ServerHttp2Stream[] = [];
    await using peer = await Peer.http2((stream, headers) => {
      paths.push(String(headers[':path']));
      streams.push(stream);
    }, FEW);
    await using line = await new Line(transport(), peer.endpoint()).ready();
    const open = [line.startWhole(Buffer.from('x'), '/a'), line.startWhole(Buffer.from('x'), '/b')];
    const cancelled = line.startWhole(Buffer.from('x'), '/cancelled');
    line.startWhole(Buffer.from('x'), '/c');
    await eventually(() => streams.length === 2);
    cancelled.call.cancel();
    answer(nth(streams, 1), OK, Buffer.from('x'));
    await open[1]?.end();
    await eventually(() => streams.length === 3);
    assert.equal(paths, ['/a', '/b', '/c']);
    assert.equal(cancelled.ends, []);
  });

  test('the place of a call that is cancelled is another one’s', async () => {
    const { peer: closing, streams } = await narrow();
    await using peer = closing;
    await using line = await new Line(transport(), peer.endpoint()).ready();
    const open = [line.startWhole(Buffer.from('x')), line.startWhole(Buffer.from('x'))];
    const waiting = line.startWhole(Buffer.from('x'));
    await eventually(() => streams.length === 2);
    assert.match(waiting.call.unsent ?? '', /waits for a stream/);
    open[1]?.call.cancel();
    // From Node 24 on, a server of node:http2 refuses a stream that comes together with the reset of another one.
    await eventually(() => streams.length === 3 || waiting.ends.length === 1);
    assert.equal(
      waiting.ends.map(({ code, reach }) => [code, reach]),
      streams.length === 3 ? [] : [[8, 'sent']],
    );
  });

  test('a call that waits when its connection is lost or closed ends as unsent', async () => {
    for (const lose of [
      (peer: Peer) => peer.sockets.forEach((socket) => socket.destroy()),
      (_: Peer, line: Line) => line.connection.close(false),
      (_: Peer, line: Line) => line.connection.close(true),
    ]) {
      const { peer: closing, streams } = await narrow();
      await using peer = closing;
      await using line = await new Line(transport(), peer.endpoint()).ready();
      const talks = Array.from({ length: 3 }, () => line.startWhole(Buffer.from('x')));
      await eventually(() => streams.length === 2);
      lose(peer, line);
      const { code, reach } = await (talks[2] as (typeof talks)[0]).end();
      assert.equal([code, reach], [14, 'unsent']);
      assert.is(streams.length, 2);
    }
  });

  test('a peer may allow more streams later', async () => {
    const { peer: closing, streams } = await narrow();
    await using peer = closing;
    await using line = await new Line(transport(), peer.endpoint()).ready();
    for (let i = 0; i < 5; i++) line.startWhole(Buffer.from('x'));
    await eventually(() => streams.length === 2);
    peer.sessions[0]?.settings({ maxConcurrentStreams: 4 });
    await eventually(() => streams.length === 4);
    peer.sessions[0]?.settings({ maxConcurrentStreams: 100 });
    await eventually(() => streams.length === 5);
  });
}
