import type { Transport } from '@etcdts/core/plugin';
import type { ServerHttp2Stream } from 'node:http2';
import { eventually } from '../eventually.ts';
import { assert, type Suite } from '../suite.ts';
import { answer, frame, Line, Peer, received, type Talk } from './connection-peer.ts';

const OK = { 'grpc-status': '0' };
/** More microtasks than any transport needs from the start of a call to its first byte. */
const MICROTASKS = 60;

/** The ways to start a call: as a stream with one message, as a stream without one, or with the whole request. */
const STARTS: Readonly<Record<string, (line: Line, path: string) => Talk>> = {
  stream: (line, path) => {
    const talk = line.start(path);
    talk.call.send(frame(Buffer.from('x')));
    talk.call.read();
    return talk;
  },
  bare: (line, path) => line.start(path),
  whole: (line, path) => line.startWhole(Buffer.from('x'), path),
};

/** Adds the tests of calls that are cancelled in the moments after their start. */
export function cancelContract(test: Suite, transport: () => Transport): void {
  for (const [kind, start] of Object.entries(STARTS)) {
    test(`a call cancelled in the turn of its start never leaves: ${kind}`, async () => {
      const paths: string[] = [];
      await using peer = await Peer.http2(async (stream, headers) => {
        paths.push(String(headers[':path']));
        if (headers[':path'] === '/after') answer(stream, OK, await received(stream));
      });
      await using line = await new Line(transport(), peer.endpoint()).ready();
      const talks = Array.from({ length: 20 }, () => start(line, '/cancelled'));
      for (const { call } of talks) {
        call.cancel();
        call.cancel();
      }
      // This call follows on the same connection. An earlier call that had left would have arrived before it.
      assert.is((await line.startWhole(Buffer.from('x'), '/after').end()).code, 0);
      assert.equal(paths, ['/after']);
      assert.ok(talks.every(({ ends, messages }) => ends.length + messages.length === 0));
    });

    test(`a call cancelled some microtasks after its start does not leave, or is reset: ${kind}`, async () => {
      const streams: ServerHttp2Stream[] = [];
      await using peer = await Peer.http2(async (stream, headers) => {
        if (headers[':path'] === '/after') answer(stream, OK, await received(stream));
        else streams.push(stream.resume());
      });
      await using line = await new Line(transport(), peer.endpoint()).ready();
      const talks: Talk[] = [];
      for (let count = 0; count <= MICROTASKS; count++) {
        const talk = start(line, '/cancelled');
        for (let i = 0; i < count; i++) await Promise.resolve();
        talk.call.cancel();
        talks.push(talk);
        // Each has a turn of the event loop of its own.
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.is((await line.startWhole(Buffer.from('x'), '/after').end()).code, 0);
      await eventually(() => streams.every((stream) => stream.destroyed));
      assert.ok(streams.every((stream) => stream.rstCode === 8));
      assert.ok(talks.every(({ ends, messages }) => ends.length + messages.length === 0));
    });
  }

  test('a call cancelled while the connection closes leaves no stream, and the connection ends', async () => {
    await using peer = await Peer.http2((stream) => void stream.resume());
    const line = await new Line(transport(), peer.endpoint()).ready();
    const talk = line.startWhole(Buffer.from('x'));
    line.connection.close(false);
    talk.call.cancel();
    await eventually(() => peer.sockets.size === 0);
    assert.equal(talk.ends, []);
  });
}
