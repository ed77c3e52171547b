import type { ConnectionOptions, Transport } from '@etcdts/core/plugin';
import type { ServerHttp2Stream } from 'node:http2';
import { eventually } from '../eventually.ts';
import { assert, type Suite } from '../suite.ts';
import { answer, Line, Peer } from './connection-peer.ts';

const OK = { 'grpc-status': '0' };
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** A peer's settings, and its acknowledgement of ours. A connection is ready after these. */
const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0]);
const SHORT: Partial<ConnectionOptions> = { keepalive: { timeMs: 50, timeoutMs: 150, permitWithoutCalls: false } };

/** Adds the tests of peers that stop answering or go away, and of the pings that detect that. */
export function lossContract(test: Suite, transport: () => Transport): void {
  test('a peer that leaves a ping unanswered is lost, and the calls on it end as sent', async () => {
    await using peer = await Peer.tcp();
    await using line = new Line(transport(), peer.endpoint(), SHORT);
    await eventually(() => peer.sockets.size === 1);
    for (const socket of peer.sockets) socket.write(SETTINGS);
    await line.ready();
    const { code, reach } = await line.startWhole(Buffer.from('x')).end();
    assert.equal([code, reach], [14, 'sent']);
    await line.lost();
  });

  test('a peer is pinged while a call is under way, and stays; without keepalive it is never pinged', async () => {
    for (const [options, pinged] of [
      [SHORT, true],
      [{}, false],
    ] as const) {
      await using peer = await Peer.http2();
      await using line = await new Line(transport(), peer.endpoint(), options).ready();
      const talk = line.startWhole(Buffer.from('x'));
      if (pinged) await eventually(() => peer.pings >= 2);
      else await later(300);
      assert.is(peer.pings > 0, pinged);
      assert.equal([talk.ends, line.reports], [[], ['ready']]);
    }
  });

  test('a peer is not pinged while no call is under way', async () => {
    await using peer = await Peer.http2();
    await using line = await new Line(transport(), peer.endpoint(), SHORT).ready();
    await later(300);
    assert.is(peer.pings, 0);
    assert.equal(line.reports, ['ready']);
  });

  test('K-10 with permitWithoutCalls a peer is pinged while no call is under way, and lost if it leaves that unanswered', async () => {
    const always: Partial<ConnectionOptions> = { keepalive: { timeMs: 50, timeoutMs: 150, permitWithoutCalls: true } };
    await using answering = await Peer.http2();
    await using kept = await new Line(transport(), answering.endpoint(), always).ready();
    await eventually(() => answering.pings >= 2);
    assert.equal(kept.reports, ['ready']);
    await using silent = await Peer.tcp();
    await using line = new Line(transport(), silent.endpoint(), always);
    await eventually(() => silent.sockets.size === 1);
    for (const socket of silent.sockets) socket.write(SETTINGS);
    await line.ready();
    await line.lost();
  });

  test('after GOAWAY the connection is lost, and its calls may still end well', async () => {
    const streams: ServerHttp2Stream[] = [];
    await using peer = await Peer.http2((stream) => void streams.push(stream));
    await using line = await new Line(transport(), peer.endpoint()).ready();
    const talk = line.start().ask(Buffer.from('x'));
    await eventually(() => streams.length === 1);
    peer.sessions[0]?.goaway(0, streams[0]?.id ?? 0);
    assert.is((await line.lost()).graceful, true);
    assert.equal(talk.ends, []);
    answer(streams[0] as ServerHttp2Stream, OK, Buffer.from('late'));
    assert.is((await talk.end()).code, 0);
    assert.equal(talk.messages, [Buffer.from('late')]);
    line.connection.close(false);
    await eventually(() => peer.sockets.size === 0);
  });

  test('D20 a GOAWAY with an error, or a connection that just ends, is no graceful end', async () => {
    const ends: ((peer: Peer) => void)[] = [
      ({ sessions }) => sessions[0]?.goaway(11),
      ({ sockets }) => sockets.forEach((socket) => socket.destroy()),
    ];
    for (const end of ends) {
      await using peer = await Peer.http2();
      await using line = await new Line(transport(), peer.endpoint()).ready();
      await eventually(() => peer.sessions.length === 1);
      end(peer);
      assert.is((await line.lost()).graceful, undefined);
    }
  });

  test('a call above the last stream of a GOAWAY is refused; one below it goes on', async () => {
    const streams: ServerHttp2Stream[] = [];
    await using peer = await Peer.http2((stream) => void streams.push(stream));
    await using line = await new Line(transport(), peer.endpoint()).ready();
    const kept = line.startWhole(Buffer.from('x'));
    await eventually(() => streams.length === 1);
    const refused = line.startWhole(Buffer.from('x'));
    await eventually(() => streams.length === 2);
    peer.sessions[0]?.goaway(0, streams[0]?.id ?? 0);
    assert.is((await refused.end()).reach, 'refused');
    assert.equal(kept.ends, []);
  });
}
