import type { Transport } from '@etcdts/core/plugin';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { eventually } from '../eventually.ts';
import { assert, type Suite } from '../suite.ts';
import { answer, frame, Line, Peer, received } from './connection-peer.ts';

const OK = { 'grpc-status': '0' };

/** Adds the tests of calls that are started with the whole request. */
export function unaryContract(test: Suite, transport: () => Transport): void {
  test('a call with the whole request sends its frame, half-closes, and reports message and status without a read', async () => {
    const bodies: Buffer[] = [];
    await using peer = await Peer.http2(async (stream) => {
      bodies.push(await received(stream));
      answer(stream, OK, Buffer.from('reply'));
    });
    await using line = await new Line(transport(), peer.endpoint()).ready();
    const talk = line.startWhole(Buffer.from('request'));
    assert.equal(await talk.end(), { code: 0, details: '', reach: 'sent' });
    assert.equal(bodies, [frame(Buffer.from('request'))]);
    assert.equal(talk.messages, [Buffer.from('reply')]);
  });

  test('a second message to a call that is given whole is reported, too, and a bare status', async () => {
    const messages = ['1', '2'].map((text) => Buffer.from(text));
    await using peer = await Peer.http2((stream, headers) =>
      headers[':path'] === '/two' ? answer(stream, OK, ...messages) : answer(stream, { 'grpc-status': '9' }),
    );
    await using line = await new Line(transport(), peer.endpoint()).ready();
    const two = line.startWhole(Buffer.from('x'), '/two');
    assert.is((await two.end()).code, 0);
    assert.equal(two.messages, messages);
    const bare = line.startWhole(Buffer.from('x'), '/bare');
    assert.is((await bare.end()).code, 9);
    assert.equal(bare.messages, []);
  });

  test('a request beyond every window of the peer arrives whole, beside others', async () => {
    await using peer = await Peer.http2(async (stream) => answer(stream, OK, (await received(stream)).subarray(5)));
    await using line = await new Line(transport(), peer.endpoint()).ready();
    const requests = [0, 1, 200_000, 3_000_000, 10].map((size, i) => Buffer.alloc(size, i));
    const talks = requests.map((request) => line.startWhole(request));
    for (const [i, talk] of talks.entries()) {
      assert.is((await talk.end()).code, 0);
      assert.ok(requests[i]?.equals(talk.messages[0] as Buffer));
    }
  });

  test('cancel resets the stream of a call that was given whole', async () => {
    const streams: ServerHttp2Stream[] = [];
    await using peer = await Peer.http2((stream) => void streams.push(stream));
    await using line = await new Line(transport(), peer.endpoint()).ready();
    const talk = line.startWhole(Buffer.from('x'));
    await eventually(() => streams.length === 1);
    talk.call.cancel();
    await eventually(() => streams[0]?.rstCode === 8);
    assert.equal(talk.ends, []);
  });

  test('the same metadata carries the same headers each time, also between others', async () => {
    const seen: IncomingHttpHeaders[] = [];
    await using peer = await Peer.http2((stream, headers) => {
      seen.push(headers);
      answer(stream, OK, Buffer.from('x'));
    });
    await using line = await new Line(transport(), peer.endpoint()).ready();
    const [one, other] = [Object.freeze({ a: '1', b: 'x' }), Object.freeze({ a: '2' })];
    for (const metadata of [one, other, one, other, one]) await line.startWhole(Buffer.from('x'), '/x', metadata).end();
    assert.equal(
      seen.map(({ a, b }) => `${String(a)}${String(b)}`),
      ['1x', '2undefined', '1x', '2undefined', '1x'],
    );
  });
}
