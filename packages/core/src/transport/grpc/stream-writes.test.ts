import { assert, suite } from '@etcdts/testing';
import { once } from 'node:events';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { GrpcConnection } from './grpc-connection.ts';

const test = suite('grpc stream writes');

test('a thousand small messages of one turn share a few DATA frames of the installed grpc-js', async () => {
  const server = createServer();
  const chunks: Buffer[] = [];
  const received = new Promise<void>((resolve) => {
    server.on('stream', (stream: ServerHttp2Stream) => {
      stream
        .on('data', (chunk: Buffer) => void chunks.push(chunk))
        .on('end', () => {
          resolve();
          stream.respond(
            { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '0' },
            { endStream: true },
          );
        });
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const endpoint = { address: `127.0.0.1:${port}`, host: '127.0.0.1', port, socketPath: undefined, secure: false };
  const options = { tls: undefined, keepalive: undefined, maxReceiveBytes: 1_000 };
  const connection = new GrpcConnection(endpoint, options, new Set());
  try {
    await new Promise<void>((resolve, reject) => {
      connection.connect({ onReady: resolve, onLost: ({ details }) => reject(new Error(details)), onCrowded() {} });
    });
    const ended = new Promise<number>((resolve) => {
      const call = connection.start('/x', {}, { onMessage() {}, onEnd: ({ code }) => resolve(code) });
      for (let n = 0; n < 1_000; n++) call.send(Buffer.from([0, 0, 0, 0, 2, n >> 8, n & 255]));
      call.halfClose();
      call.read();
    });
    await received;
    assert.is(await ended, 0);
    const all = Buffer.concat(chunks);
    assert.is(all.length, 7_000);
    for (let n = 0; n < 1_000; n++) assert.is(all.readUInt16BE(n * 7 + 5), n);
    assert.ok(chunks.length <= 10, `${chunks.length} frames`);
  } finally {
    connection.close(true);
    server.close();
  }
});

test.run();
