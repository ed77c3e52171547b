// Rules of HTTP/2 that h2spec's tests of clients leave out.
import { http2Transport } from '@etcdts/http2';
import { assert, suite } from '@etcdts/testing';
import { block, FLAG, FRAME, HEAD, RawServer, serving, uint32, type RawPeer } from './raw-peer.ts';
import { Wire } from './wire.ts';

const test = suite('rules of HTTP/2 beside those of h2spec', { timeoutMs: 20_000 });

const CANCEL = 8;

/** What a call ends with whose server sends this after the request. */
async function after(script: (peer: RawPeer, id: number) => void): Promise<{ readonly code: number; lost: boolean }> {
  await using server = await RawServer.start((peer) => serving(peer, (id) => script(peer, id)));
  await using wire = new Wire(http2Transport(), server.port);
  await wire.ready.promise;
  const { code } = await wire.start('/test/Unary', {}, Buffer.from('x')).status.promise;
  const lost = !wire.open;
  assert.equal(wire.wrong, []);
  return { code, lost };
}

const END = FLAG.END_HEADERS | FLAG.END_STREAM;
const headers =
  (flags: number, ...fields: [string, string][]) =>
  (peer: RawPeer, id: number): void =>
    peer.send(FRAME.HEADERS, flags, id, block(...fields));

for (const [what, code, script] of [
  ['interim responses before the head', 0, headers(FLAG.END_HEADERS, [':status', '103'])],
  ['an interim response that ends the stream', 13, headers(END, [':status', '103'])],
  ['switching protocols', 13, headers(FLAG.END_HEADERS, [':status', '101'])],
  ['a head without a status', 13, headers(FLAG.END_HEADERS, ['content-type', 'application/grpc'])],
  ['two statuses', 13, headers(FLAG.END_HEADERS, [':status', '200'], [':status', '200'])],
  ['a status after other fields', 13, headers(FLAG.END_HEADERS, ['a', 'b'], [':status', '200'])],
  ['a pseudo-header field of requests', 13, headers(FLAG.END_HEADERS, [':status', '200'], [':path', '/'])],
  ['a name in upper case', 13, headers(FLAG.END_HEADERS, [':status', '200'], ['Grpc-Status', '0'])],
  ['an empty name', 13, headers(FLAG.END_HEADERS, [':status', '200'], ['', 'x'])],
  ['a field of connections', 13, headers(FLAG.END_HEADERS, [':status', '200'], ['connection', 'close'])],
  ['a value with a line feed', 13, headers(FLAG.END_HEADERS, [':status', '200'], ['a', 'x\ny'])],
  ['HTML instead of gRPC', 14, headers(END, [':status', '503'], ['content-type', 'text/html'])],
] as const)
  test(`${what} end${code === 0 ? ' in the answer' : 's the call with ' + code}, not the connection`, async () => {
    const result = await after((peer, id) => {
      script(peer, id);
      if (code === 0) peer.answer(id, Buffer.from('x'));
    });
    assert.equal(result, { code, lost: false });
  });

for (const [what, send] of [
  ['header blocks of one stream that is cancelled', (peer, id) => peer.send(FRAME.HEADERS, FLAG.END_HEADERS, id, HEAD)],
  ['resets of one stream that is cancelled', (peer, id) => peer.send(FRAME.RST_STREAM, 0, id, uint32(CANCEL))],
  ['WINDOW_UPDATEs of the connection', (peer) => peer.send(FRAME.WINDOW_UPDATE, 0, 0, uint32(1))],
  ['empty DATA', (peer, id) => peer.send(FRAME.DATA, 0, id)],
  ['interim responses', (peer) => peer.send(FRAME.HEADERS, FLAG.END_HEADERS, 3, block([':status', '103']))],
] as readonly (readonly [string, (peer: RawPeer, id: number) => void])[])
  test(`thousands of ${what} end the connection`, async () => {
    await using server = await RawServer.start((peer) => serving(peer, () => {}));
    await using wire = new Wire(http2Transport(), server.port);
    await wire.ready.promise;
    const call = wire.start('/test/Unary', {}, Buffer.from('x'));
    wire.start('/test/Unary', {}, Buffer.from('x'));
    const peer = server.peers[0] as RawPeer;
    await peer.request(1);
    call.cancel();
    const id = (await peer.received(FRAME.RST_STREAM)).id;
    for (let i = 0; i < 3_000; i++) send(peer, id);
    assert.match((await wire.lost.promise).details, /frames in a row that serve no call/);
    const { payload } = await peer.received(FRAME.GOAWAY);
    assert.is(payload.readUInt32BE(4), 11);
  });

test.run();
