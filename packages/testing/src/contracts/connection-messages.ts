import type { Transport } from '@etcdts/core/plugin';
import type { IncomingHttpHeaders } from 'node:http2';
import { deferred, eventually, rejects } from '../eventually.ts';
import { assert, type Suite } from '../suite.ts';
import { answer, frame, GRPC, Line, Peer, received } from './connection-peer.ts';

const OK = { 'grpc-status': '0' };
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Adds the tests of what calls carry in both directions: path, metadata, messages and status. */
export function messageContract(test: Suite, transport: () => Transport): void {
  test('a call carries path, metadata and frame, and brings message and status', async () => {
    const request = deferred<{ headers: IncomingHttpHeaders; body: Buffer }>();
    await using peer = await Peer.http2(async (stream, headers) => {
      request.resolve({ headers, body: await received(stream) });
      answer(stream, { 'grpc-status': '5', 'grpc-message': 'n%C3%B6' }, Buffer.from('reply'));
    });
    await using line = await new Line(transport(), peer.endpoint()).ready();
    const metadata = { token: 'x', many: ['1', '2'], 'some-bin': Buffer.from([0, 255]) };
    const talk = line.start('/pkg.Service/Name', metadata).ask(Buffer.from('request'));
    const end = await talk.end();
    const { headers, body } = await request.promise;
    assert.equal(body, frame(Buffer.from('request')));
    assert.equal(
      [
        headers[':method'],
        headers[':path'],
        headers['te'],
        headers[':authority'],
        headers['token'],
        // The specification prefers base64 without padding, and requires that both are accepted.
        String(headers['some-bin']).replace(/=+$/, ''),
      ],
      ['POST', '/pkg.Service/Name', 'trailers', peer.endpoint().address, 'x', 'AP8'],
    );
    assert.match(String(headers['content-type']), /^application\/grpc/);
    assert.match(String(headers['many']), /^1, ?2$/);
    assert.equal(talk.messages, [Buffer.from('reply')]);
    assert.equal(end, { code: 5, details: 'nö', reach: 'sent' });
  });

  test('an empty message and a large one pass, both ways', async () => {
    await using peer = await Peer.http2(async (stream) => {
      const body = await received(stream);
      answer(stream, OK, body.subarray(5));
    });
    await using line = await new Line(transport(), peer.endpoint()).ready();
    for (const size of [0, 1, 5_000_000]) {
      const message = Buffer.alloc(size, 7);
      const talk = line.start().ask(message);
      assert.is((await talk.end()).code, 0);
      assert.is(talk.messages.length, 1);
      assert.ok(message.equals(talk.messages[0] as Buffer));
    }
  });

  test('many messages keep their order, sent before and after the stream stands', async () => {
    await using peer = await Peer.http2(async (stream) => answer(stream, OK, await received(stream)));
    await using line = await new Line(transport(), peer.endpoint()).ready();
    const talk = line.start();
    // Every fiftieth one is larger than a window.
    const frames = Array.from({ length: 200 }, (_, i) => frame(Buffer.alloc(i % 50 === 10 ? 100_000 : 10, i)));
    for (const one of frames.slice(0, 100)) talk.call.send(one);
    await later(20);
    for (const one of frames.slice(100)) talk.call.send(one);
    talk.call.halfClose();
    talk.call.read();
    await talk.end();
    assert.is(talk.messages.length, 1);
    assert.ok(Buffer.concat(frames).equals(talk.messages[0] as Buffer));
  });

  test('one message is given for each read', async () => {
    await using peer = await Peer.http2((stream) =>
      answer(stream, OK, Buffer.from('1'), Buffer.from('2'), Buffer.from('3')),
    );
    await using line = await new Line(transport(), peer.endpoint()).ready();
    const talk = line.start();
    talk.eager = false;
    talk.call.halfClose();
    await later(50);
    assert.is(talk.messages.length, 0);
    for (let count = 1; count <= 3; count++) {
      talk.call.read();
      await eventually(() => talk.messages.length === count);
      await later(10);
      assert.is(talk.messages.length, count);
    }
    talk.call.read();
    assert.is((await talk.end()).code, 0);
  });

  test('a message over maxReceiveBytes ends the call, and what may have happened is unknown', async () => {
    await using peer = await Peer.http2((stream) => answer(stream, OK, Buffer.alloc(2_000)));
    await using line = await new Line(transport(), peer.endpoint(), { maxReceiveBytes: 1_000 }).ready();
    const talk = line.start().ask(Buffer.from('x'));
    const { code, reach, tooLarge } = await talk.end();
    assert.equal([code, reach, tooLarge], [8, 'sent', true]);
    assert.equal(talk.messages, []);
  });

  test('a peer that refuses a request for its size, in any words, does not make the reply too large', async () => {
    const refusal = { 'grpc-status': '8', 'grpc-message': 'Received message larger than max (9 vs 4)' };
    await using peer = await Peer.http2((stream) => stream.respond({ ...GRPC, ...refusal }, { endStream: true }));
    await using line = await new Line(transport(), peer.endpoint()).ready();
    const { code, details, tooLarge } = await line.start().ask(Buffer.from('x')).end();
    assert.equal([code, details, tooLarge], [8, refusal['grpc-message'], undefined]);
  });

  test('metadata that cannot be carried is refused at once, by name, and not shown', async () => {
    await using peer = await Peer.http2();
    await using line = await new Line(transport(), peer.endpoint()).ready();
    for (const metadata of [{ key: 'sentinel\n' }, { 'k y': 'sentinel' }, { 'key-bin': 'sentinel' }]) {
      const error = await rejects(async () => line.start('/x', metadata), {
        code: 'INVALID_ARGUMENT',
        outcome: 'not-applied',
      });
      assert.not.match(error.message, /sentinel/);
      assert.ok(error.message.includes(Object.keys(metadata)[0] as string));
    }
  });
}
