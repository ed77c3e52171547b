// The cases of grpc's negative tests of clients (test/http2_test), and others in which a server ends things early.
import { createClient } from '@etcdts/core';
import { grpcTransport, type Transport } from '@etcdts/core/plugin';
import { http2Transport } from '@etcdts/http2';
import { assert, eventually, rejects, suite, type Suite } from '@etcdts/testing';
import { FLAG, FRAME, HEAD, RawServer, serving, TRAILERS, uint32, type RawPeer } from './raw-peer.ts';
import { Wire } from './wire.ts';

/** `{ header: { revision: 7 } }`, a response of put. */
const REPLY = Buffer.from('0a021807', 'hex');
/** The same with gRPC's prefix. */
const MESSAGE = Buffer.concat([Buffer.from([0, 0, 0, 0, REPLY.length]), REPLY]);

const MAX_CONCURRENT_STREAMS = 3;
const CANCEL = 8;

function cases(test: Suite, transport: () => Transport): void {
  /** One put to a server that answers it in this way. */
  const put = async (answer: (peer: RawPeer, id: number) => void): Promise<bigint> => {
    await using server = await RawServer.start((peer) => serving(peer, (id) => answer(peer, id)));
    await using client = createClient({ endpoints: `127.0.0.1:${server.port}`, transport: transport() });
    return (await client.kv.put('k', 'v')).header.revision;
  };
  const head = (peer: RawPeer, id: number): void => peer.send(FRAME.HEADERS, FLAG.END_HEADERS, id, HEAD);
  const reset = (peer: RawPeer, id: number, code: number): void => peer.send(FRAME.RST_STREAM, 0, id, uint32(code));

  test('an answer of frames is an answer', async () => {
    assert.is(await put((peer, id) => peer.answer(id, REPLY)), 7n);
  });

  test('goaway: the call before it is answered, the next one goes over another connection', async () => {
    let connections = 0;
    await using server = await RawServer.start((peer) => {
      const number = ++connections;
      serving(peer, (id) => {
        peer.answer(id, REPLY);
        if (number === 1) peer.send(FRAME.GOAWAY, 0, 0, Buffer.concat([uint32(id), uint32(0)]));
      });
    });
    await using client = createClient({ endpoints: `127.0.0.1:${server.port}`, transport: transport() });
    await client.kv.put('k', 'v');
    await eventually(() => server.peers[0]?.closed === true, { describe: 'the client closes the first connection' });
    for (let i = 0; i < 3; i++) await client.kv.put('k', 'v');
    assert.is(connections, 2);
  });

  test('goaway: calls above its last stream were not processed, and are sent again, writes as well', async () => {
    const puts: number[] = [];
    let connections = 0;
    await using server = await RawServer.start((peer) => {
      const number = ++connections;
      serving(peer, (id) => {
        if (number > 1) return peer.answer(id, REPLY);
        puts.push(id);
        if (puts.length < 4) return;
        peer.send(FRAME.GOAWAY, 0, 0, Buffer.concat([uint32(puts[1] as number), uint32(0)]));
        peer.answer(puts[0] as number, REPLY);
        peer.answer(puts[1] as number, REPLY);
      });
    });
    await using client = createClient({ endpoints: `127.0.0.1:${server.port}`, transport: transport() });
    const results = await Promise.all(['a', 'b', 'c', 'd'].map((key) => client.kv.put(key, 'v')));
    assert.equal(
      results.map(({ header }) => header.revision),
      [7n, 7n, 7n, 7n],
    );
    assert.is(server.peers[1]?.requests.length, 2);
  });

  test('rst_after_header: the call fails, and it is unknown whether it was applied', async () => {
    const outcome = put((peer, id) => (head(peer, id), reset(peer, id, 0)));
    await rejects(outcome, { code: /INTERNAL|UNKNOWN/, outcome: 'unknown' });
  });

  test('rst_during_data: half a message is no message', async () => {
    const outcome = put((peer, id) => {
      head(peer, id);
      peer.send(FRAME.DATA, 0, id, MESSAGE.subarray(0, 7));
      reset(peer, id, 0);
    });
    await rejects(outcome, { code: /INTERNAL|UNKNOWN/, outcome: 'unknown' });
  });

  test('rst_after_data: a whole message without a status is no answer', async () => {
    const outcome = put((peer, id) => {
      head(peer, id);
      peer.send(FRAME.DATA, 0, id, MESSAGE);
      reset(peer, id, 0);
    });
    await rejects(outcome, { code: /INTERNAL|UNKNOWN/, outcome: 'unknown' });
  });

  test('trailers after half a message fail the call', async () => {
    const outcome = put((peer, id) => {
      head(peer, id);
      peer.send(FRAME.DATA, 0, id, MESSAGE.subarray(0, 7));
      peer.send(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, id, TRAILERS);
    });
    await rejects(outcome, { code: 'INTERNAL', outcome: 'unknown' });
  });

  for (const [code, expected] of [
    [2, 'INTERNAL'],
    [CANCEL, 'CANCELLED'],
    [11, 'RESOURCE_EXHAUSTED'],
    [12, 'PERMISSION_DENIED'],
    [99, 'INTERNAL'],
  ] as const)
    test(`a reset with code ${code} is ${expected}`, async () => {
      await rejects(
        put((peer, id) => reset(peer, id, code)),
        { code: expected, outcome: 'unknown' },
      );
    });

  test('a refused stream is sent again, once the server accepts one', async () => {
    let refused = 0;
    assert.is(await put((peer, id) => (refused++ < 2 ? reset(peer, id, 7) : peer.answer(id, REPLY))), 7n);
    assert.is(refused, 3);
  });

  test('ping: each is answered with its payload, amid a call as well', async () => {
    const payloads = Array.from({ length: 20 }, (_, i) => Buffer.alloc(8, i + 1));
    let answered: Buffer[] = [];
    const revision = await put((peer, id) => {
      const ping = (): void => peer.send(FRAME.PING, 0, 0, payloads[answered.length]);
      head(peer, id);
      const { onFrame } = peer;
      peer.onFrame = (frame) => {
        if (frame.type !== FRAME.PING || frame.flags !== FLAG.ACK) return onFrame?.(frame);
        answered = [...answered, Buffer.from(frame.payload)];
        if (answered.length < payloads.length) return ping();
        peer.send(FRAME.DATA, 0, id, MESSAGE);
        peer.send(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, id, TRAILERS);
      };
      ping();
    });
    assert.is(revision, 7n);
    assert.equal(answered, payloads);
  });

  test('max_streams: with one stream at a time, fifteen calls are answered one after the other', async () => {
    let [open, most] = [0, 0];
    await using server = await RawServer.start((peer) => {
      const begun = new Set<number>();
      serving(
        peer,
        (id) => {
          most = Math.max(most, ++open);
          begun.add(id);
          setImmediate(() => {
            open--;
            peer.answer(id, REPLY);
          });
        },
        [MAX_CONCURRENT_STREAMS, 1],
      );
    });
    await using client = createClient({ endpoints: `127.0.0.1:${server.port}`, transport: transport() });
    await client.kv.put('k', 'v');
    await Promise.all(Array.from({ length: 15 }, () => client.kv.put('k', 'v')));
    assert.is(most, 1);
    assert.is(server.peers.length, 1);
  });

  test('a stream that is cancelled with thousands of messages on their way takes no other call with it', async () => {
    const tiny = Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), Buffer.from('x')]);
    await using server = await RawServer.start((peer) => serving(peer, (id) => peer.answer(id, REPLY)));
    await using wire = new Wire(transport(), server.port);
    await wire.ready.promise;
    const stream = wire.start('/test/Stream');
    stream.read();
    const other = wire.start('/test/Stream');
    other.read();
    const peer = server.peers[0] as RawPeer;
    const ids = [await peer.request(0), await peer.request(1)] as const;
    for (const id of ids) head(peer, id);
    peer.send(FRAME.DATA, 0, ids[0], tiny);
    await eventually(() => stream.messages.length === 1);
    stream.cancel();
    await peer.received(FRAME.RST_STREAM, ids[0]);
    // The server had sent all this before it saw the reset.
    for (let i = 0; i < 5_000; i++) peer.send(FRAME.DATA, 0, ids[0], tiny);
    peer.send(FRAME.DATA, 0, ids[1], tiny);
    peer.send(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, ids[1], TRAILERS);
    await eventually(() => other.messages.length === 1, { timeoutMs: 10_000 });
    other.read();
    assert.is((await other.status.promise).code, 0);
    assert.equal(wire.wrong, []);
  });

  test('thousands of calls that are cancelled at once, with their answers on their way, take no other call with them', async () => {
    await using server = await RawServer.start((peer) => serving(peer, () => {}));
    await using wire = new Wire(transport(), server.port);
    await wire.ready.promise;
    const calls = Array.from({ length: 1_500 }, () => wire.start('/test/Unary', {}, Buffer.from('x')));
    const peer = server.peers[0] as RawPeer;
    await eventually(() => peer.requests.length === 1_500, { timeoutMs: 10_000 });
    const other = wire.start('/test/Unary', {}, Buffer.from('x'));
    const last = await peer.request(1_500);
    for (const call of calls) call.cancel();
    await peer.received(FRAME.RST_STREAM, peer.requests[1_499]);
    for (const id of peer.requests.slice(0, 1_500)) peer.answer(id, REPLY);
    peer.answer(last, REPLY);
    assert.is((await other.status.promise).code, 0);
    assert.equal(wire.wrong, []);
  });

  test('thousands of WINDOW_UPDATEs, two for each request, come before the first answer', async () => {
    await using server = await RawServer.start((peer) => serving(peer, () => {}));
    await using wire = new Wire(transport(), server.port);
    await wire.ready.promise;
    const calls = Array.from({ length: 1_500 }, () => wire.start('/test/Unary', {}, Buffer.from('x')));
    const peer = server.peers[0] as RawPeer;
    await eventually(() => peer.requests.length === 1_500);
    for (const id of peer.requests) {
      peer.send(FRAME.WINDOW_UPDATE, 0, 0, uint32(6));
      peer.send(FRAME.WINDOW_UPDATE, 0, id, uint32(6));
    }
    for (const id of peer.requests) peer.answer(id, REPLY);
    for (const call of calls) assert.is((await call.status.promise).code, 0);
    assert.ok(wire.open);
  });

  test('thousands of calls that a server refuses at once were not processed, all of them', async () => {
    await using server = await RawServer.start((peer) => serving(peer, () => {}));
    await using wire = new Wire(transport(), server.port);
    await wire.ready.promise;
    const calls = Array.from({ length: 1_500 }, () => wire.start('/test/Unary', {}, Buffer.from('x')));
    const peer = server.peers[0] as RawPeer;
    await eventually(() => peer.requests.length === 1_500, { timeoutMs: 10_000 });
    for (const id of peer.requests) reset(peer, id, 7);
    const ends = await Promise.all(calls.map((call) => call.status.promise));
    assert.equal(new Set(ends.map(({ reach }) => reach)), new Set(['refused']));
    assert.ok(wire.open);
  });
}

for (const [name, transport] of [
  ['http2', http2Transport],
  ['grpc-js', grpcTransport],
] as const) {
  const test = suite(`servers that end things early, on ${name}`, { timeoutMs: 20_000 });
  cases(test, transport);
  test.run();
}
