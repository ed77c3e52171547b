import type { Transport } from '@etcdts/core/plugin';
import type { ServerHttp2Stream } from 'node:http2';
import { eventually } from '../eventually.ts';
import { assert, type Suite } from '../suite.ts';
import { answer, frame, GRPC, Line, Peer } from './connection-peer.ts';

const OK = { 'grpc-status': '0' };
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Adds the tests of how calls end without an answer: by a cancel, a reset, a lost or a closed connection. */
export function endContract(test: Suite, transport: () => Transport): void {
  test('cancel resets the stream, and nothing is reported afterwards', async () => {
    const streams: ServerHttp2Stream[] = [];
    await using peer = await Peer.http2((stream) => {
      streams.push(stream);
      stream.respond(GRPC);
      stream.write(frame(Buffer.from('1')));
    });
    await using line = await new Line(transport(), peer.endpoint()).ready();
    const talk = line.start();
    talk.call.read();
    await eventually(() => talk.messages.length === 1);
    talk.call.cancel();
    talk.call.cancel();
    await eventually(() => streams[0]?.rstCode === 8);
    await later(20);
    assert.equal(talk.ends, []);
    const unsent = line.start();
    unsent.call.cancel();
    await later(20);
    assert.equal(unsent.ends, []);
    assert.is(line.reports.length, 1);
  });

  test('a refused stream is reported as refused, any other reset as sent', async () => {
    let code = 7;
    await using peer = await Peer.http2((stream) => stream.close(code));
    await using line = await new Line(transport(), peer.endpoint()).ready();
    assert.is((await line.start().ask(Buffer.from('x')).end()).reach, 'refused');
    for (code of [1, 2, 8, 11]) {
      const { code: status, reach } = await line.start().ask(Buffer.from('x')).end();
      assert.is(reach, 'sent');
      assert.is.not(status, 0);
    }
  });

  test('a lost connection ends its calls as sent, and is lost once', async () => {
    await using peer = await Peer.http2((_) => peer.sessions[0]?.destroy());
    await using line = await new Line(transport(), peer.endpoint()).ready();
    const talks = Array.from({ length: 5 }, () => line.start().ask(Buffer.from('x')));
    for (const talk of talks) {
      const { code, reach } = await talk.end();
      assert.is(code, 14);
      // Calls that had not left yet may report that.
      assert.ok(reach === 'sent' || talk !== talks[0]);
    }
    await line.lost();
    await later(100);
    assert.is(line.reports.length, 2);
    await eventually(() => peer.sockets.size === 0);
  });

  test('closing waits for the calls under way; closing now ends them, as sent', async () => {
    const streams: ServerHttp2Stream[] = [];
    await using peer = await Peer.http2((stream) => void streams.push(stream));
    const draining = await new Line(transport(), peer.endpoint()).ready();
    const kept = draining.start().ask(Buffer.from('x'));
    await eventually(() => streams.length === 1);
    draining.connection.close(false);
    await later(50);
    assert.equal(kept.ends, []);
    assert.is(peer.sockets.size, 1);
    answer(streams[0] as ServerHttp2Stream, OK, Buffer.from('x'));
    assert.is((await kept.end()).code, 0);
    await eventually(() => peer.sockets.size === 0);
    assert.equal(draining.reports, ['ready']);

    const ending = await new Line(transport(), peer.endpoint()).ready();
    const cut = ending.start().ask(Buffer.from('x'));
    await eventually(() => streams.length === 2);
    ending.connection.close(true);
    const { code, reach } = await cut.end();
    assert.equal([code, reach], [14, 'sent']);
    await eventually(() => peer.sockets.size === 0);
    assert.equal(ending.reports, ['ready']);
  });
}
