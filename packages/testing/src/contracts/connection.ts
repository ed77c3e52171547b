import type { Transport } from '@etcdts/core/plugin';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { deferred, eventually, rejects } from '../eventually.ts';
import { assert, type Suite } from '../suite.ts';
import { answer, frame, GRPC, Line, Peer, received } from './connection-peer.ts';
import { cancelContract } from './connection-cancels.ts';
import { limitContract } from './connection-limits.ts';
import { lossContract } from './connection-losses.ts';
import { unaryContract } from './connection-unary.ts';

const OK = { 'grpc-status': '0' };
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Adds the tests that every {@link Transport}'s connections pass, against servers that the tests script themselves. */
export function connectionContract(test: Suite, transport: () => Transport): void {
  unaryContract(test, transport);
  lossContract(test, transport);
  cancelContract(test, transport);
  limitContract(test, transport);

  test('a connection is ready once, when the HTTP/2 settings are there', async () => {
    await using peer = await Peer.http2();
    await using line = new Line(transport(), peer.endpoint());
    await line.ready();
    await later(50);
    assert.equal(line.told, ['ready']);
    assert.is(peer.sockets.size, 1);
  });

  test('a peer that accepts and says nothing is neither ready nor lost; closing frees the socket', async () => {
    await using peer = await Peer.tcp();
    const line = new Line(transport(), peer.endpoint());
    await eventually(() => peer.sockets.size === 1);
    await later(100);
    assert.equal(line.told, []);
    line.connection.close(true);
    await eventually(() => peer.sockets.size === 0);
    assert.equal(line.told, []);
  });

  test('a refused connection is lost once, and says why', async () => {
    const peer = await Peer.tcp();
    const endpoint = peer.endpoint();
    await peer[Symbol.asyncDispose]();
    await using line = new Line(transport(), endpoint);
    const failure = await line.lost();
    assert.match(failure.details, /ECONNREFUSED/);
    assert.is(failure.tls, false);
    await later(300);
    assert.is(line.told.length, 1);
  });

  test('a peer that speaks no HTTP/2 is lost, and so is its socket', async () => {
    await using peer = await Peer.tcp();
    await using line = new Line(transport(), peer.endpoint());
    await eventually(() => peer.sockets.size === 1);
    for (const socket of peer.sockets) socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
    await line.lost();
    await eventually(() => peer.sockets.size === 0);
  });

  test('a TLS handshake that fails is told as such', async () => {
    await using peer = await Peer.http2();
    await using line = new Line(transport(), peer.endpoint(true));
    const failure = await line.lost();
    assert.is(failure.tls, true);
    assert.match(failure.details, /TLS/);
  });

  test('closing while it connects tells nothing', async () => {
    await using peer = await Peer.http2();
    const line = new Line(transport(), peer.endpoint());
    line.connection.close(true);
    await later(100);
    assert.equal(line.told, []);
    await eventually(() => peer.sockets.size === 0);
  });

  test('a call carries path, metadata and frame, and brings message and status', async () => {
    const heard = deferred<{ headers: IncomingHttpHeaders; body: Buffer }>();
    await using peer = await Peer.http2(async (stream, headers) => {
      heard.resolve({ headers, body: await received(stream) });
      answer(stream, { 'grpc-status': '5', 'grpc-message': 'n%C3%B6' }, Buffer.from('reply'));
    });
    await using line = await new Line(transport(), peer.endpoint()).ready();
    const metadata = { token: 'x', many: ['1', '2'], 'some-bin': Buffer.from([0, 255]) };
    const talk = line.start('/pkg.Service/Name', metadata).ask(Buffer.from('request'));
    const end = await talk.end();
    const { headers, body } = await heard.promise;
    assert.equal(body, frame(Buffer.from('request')));
    assert.equal(
      [
        headers[':method'],
        headers[':path'],
        headers['te'],
        headers[':authority'],
        headers['token'],
        // The specification prefers base64 without padding, and asks for both to be accepted.
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
    const frames = Array.from({ length: 200 }, (_, i) => frame(Buffer.from(`message ${i}`)));
    for (const one of frames.slice(0, 100)) talk.call.send(one);
    await later(20);
    for (const one of frames.slice(100)) talk.call.send(one);
    talk.call.halfClose();
    talk.call.read();
    await talk.end();
    assert.equal(talk.messages, [Buffer.concat(frames)]);
  });

  test('one message is given for each that was asked for', async () => {
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

  test('cancel resets the stream, and nothing is heard of it afterwards', async () => {
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
    assert.is(line.told.length, 1);
  });

  test('a refused stream is told as refused, any other reset as sent', async () => {
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
      // Those that had not left yet may say so.
      assert.ok(reach === 'sent' || talk !== talks[0]);
    }
    await line.lost();
    await later(100);
    assert.is(line.told.length, 2);
    await eventually(() => peer.sockets.size === 0);
  });

  test('closing waits for the calls under way; closing now ends them, and says nothing of how far they got', async () => {
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
    assert.equal(draining.told, ['ready']);

    const ending = await new Line(transport(), peer.endpoint()).ready();
    const cut = ending.start().ask(Buffer.from('x'));
    await eventually(() => streams.length === 2);
    ending.connection.close(true);
    const { code, reach } = await cut.end();
    assert.equal([code, reach], [14, 'sent']);
    await eventually(() => peer.sockets.size === 0);
    assert.equal(ending.told, ['ready']);
  });

  test('a message over maxReceiveBytes ends the call, and what may have happened is unknown', async () => {
    await using peer = await Peer.http2((stream) => answer(stream, OK, Buffer.alloc(2_000)));
    await using line = await new Line(transport(), peer.endpoint(), { maxReceiveBytes: 1_000 }).ready();
    const talk = line.start().ask(Buffer.from('x'));
    const { code, reach, tooLarge } = await talk.end();
    assert.equal([code, reach, tooLarge], [8, 'sent', true]);
    assert.equal(talk.messages, []);
  });

  test('a peer that refuses a request for its size, in whatever words, says nothing about the reply', async () => {
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
