// on both transports
// runs alone
// limit: 120 s
import { createClient, isEtcdError, type ClientOptions, type EtcdClient, type EtcdError } from '@etcdts/core';
import { assert, rejects, suite } from '@etcdts/testing';
import { createServer as createHttp2, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';

const test = suite('hostile servers', { timeoutMs: 20_000 });

const DEADLINE_MS = 400;
const GRPC = { ':status': 200, 'content-type': 'application/grpc' };

// The codec of cold messages is loaded on first use, which takes some 0.2 s and must not be part of a deadline here.
test.before(async () => {
  await using client = createClient({ endpoints: '127.0.0.1:1' });
  await client.cluster.memberList().catch(() => {});
});

interface Lie {
  (stream: ServerHttp2Stream, path: string, session: ServerHttp2Session): void;
}

/** A server that answers each RPC with a wrong message. */
async function lying<T>(
  lie: Lie,
  run: (client: EtcdClient) => Promise<T>,
  options: Partial<ClientOptions> = {},
): Promise<T> {
  const server = createHttp2();
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => void sessions.add(session.on('error', () => {})));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    lie(stream, String(headers[':path']), stream.session as ServerHttp2Session);
  });
  return serve(server as unknown as Server, () => sessions.forEach((session) => session.destroy()), run, options);
}

/** A server that sends these bytes on every connection. */
async function babbling<T>(bytes: Buffer, run: (client: EtcdClient) => Promise<T>): Promise<T> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.write(bytes);
  });
  return serve(server, () => sockets.forEach((socket) => socket.destroy()), run, {});
}

async function serve<T>(
  server: Server,
  drop: () => void,
  run: (client: EtcdClient) => Promise<T>,
  options: Partial<ClientOptions>,
): Promise<T> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoints = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createClient({ endpoints, requestTimeoutMs: DEADLINE_MS, connectTimeoutMs: DEADLINE_MS, ...options });
  try {
    return await run(client);
  } finally {
    await client.close();
    drop();
    await new Promise((resolve) => server.close(resolve));
  }
}

function frame(message: Uint8Array, compressed = false): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = compressed ? 1 : 0;
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function answer(stream: ServerHttp2Stream, trailers: Record<string, string>, ...frames: readonly Buffer[]): void {
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.respond(GRPC, { waitForTrailers: true });
  for (const one of frames) stream.write(one);
  stream.end();
}

const OK = { 'grpc-status': '0' };
/** `{ header: {} }`. */
const REPLY = Buffer.from([0x0a, 0x00]);

/** The errors of all calls. Each must be an EtcdError with a clean text, by 100 ms after the deadline. */
async function failures(client: EtcdClient): Promise<readonly EtcdError[]> {
  const started = performance.now();
  const calls = [client.kv.get('k'), client.kv.put('k', 'v'), client.cluster.memberList()];
  const results = await Promise.allSettled(calls);
  const took = performance.now() - started;
  assert.ok(took < DEADLINE_MS + 1_000, `the calls took ${took} ms`);
  return results.map((result) => {
    if (result.status === 'fulfilled')
      throw new Error(
        `a lie was believed: ${JSON.stringify(result.value, (_, v) => (typeof v === 'bigint' ? String(v) : v))}`,
      );
    const error: unknown = result.reason;
    assert.ok(isEtcdError(error), String(error));
    // eslint-disable-next-line no-control-regex
    assert.not.match(error.message, /[\u0000-\u001f\u007f-\u009f]/);
    assert.ok(error.message.length < 1_200, `${error.message.length} characters`);
    return error;
  });
}

/** A wrong answer for which every call ends with this code, and the put with this outcome. */
function lie(
  name: string,
  code: EtcdError['code'] | RegExp,
  outcome: EtcdError['outcome'],
  tell: Lie,
  options?: Partial<ClientOptions>,
): void {
  test(name, () =>
    lying(
      tell,
      async (client) => {
        const [get, put] = await failures(client);
        if (code instanceof RegExp) assert.match(put?.code ?? '', code);
        else assert.is(put?.code, code, put?.message);
        assert.is(put?.outcome, outcome, put?.message);
        assert.is(get?.outcome, 'not-applied');
      },
      options,
    ),
  );
}

lie('no answer at all', 'DEADLINE_EXCEEDED', 'unknown', () => {});
lie('headers and nothing more', 'DEADLINE_EXCEEDED', 'unknown', (stream) => stream.respond(GRPC));
lie('a reply without a status', 'DEADLINE_EXCEEDED', 'unknown', (stream) => {
  stream.respond(GRPC);
  stream.write(frame(REPLY));
});
lie('GOAWAY without a reset', 'DEADLINE_EXCEEDED', 'unknown', (stream, _, session) => {
  stream.respond(GRPC);
  session.goaway(0, 2 ** 31 - 1);
});
lie('GOAWAY with an error', /UNAVAILABLE|DEADLINE_EXCEEDED|INTERNAL/, 'unknown', (_, __, session) =>
  session.goaway(2, 2 ** 31 - 1),
);
lie('two messages to a unary call', 'INTERNAL', 'unknown', (stream) => answer(stream, OK, frame(REPLY), frame(REPLY)));
lie('OK without a message', 'INTERNAL', 'unknown', (stream) => answer(stream, OK));
lie('a message that is no protobuf', 'INTERNAL', 'unknown', (stream) =>
  answer(stream, OK, frame(Buffer.from('ffffffffffffffffffffffff', 'hex'))),
);
lie('a message whose field is longer than it', 'INTERNAL', 'unknown', (stream) =>
  answer(stream, OK, frame(Buffer.from([0x0a, 0x7f, 0x00]))),
);
lie('a message whose length is a lie', /INTERNAL|UNKNOWN|DEADLINE_EXCEEDED|RESOURCE_EXHAUSTED/, 'unknown', (stream) =>
  answer(stream, OK, Buffer.from([0, 0, 0, 0, 9, 1])),
);
lie('half a message and a reset', /INTERNAL|CANCELLED|UNKNOWN|UNAVAILABLE/, 'unknown', (stream) => {
  stream.respond(GRPC);
  stream.write(frame(REPLY).subarray(0, 6), () => stream.close(2));
});
lie('a message marked compressed that is not', /INTERNAL|UNIMPLEMENTED|UNKNOWN/, 'unknown', (stream) =>
  answer(stream, OK, frame(REPLY, true)),
);
lie('control characters in the message of the status', 'UNKNOWN', 'unknown', (stream) =>
  answer(stream, { 'grpc-status': '2', 'grpc-message': '%0D%0A%1B[31mred%00%C2%9B' }),
);
lie('a message of the status that is very long', 'UNKNOWN', 'unknown', (stream) =>
  answer(stream, { 'grpc-status': '2', 'grpc-message': 'x'.repeat(5_000) }),
);
lie('a message of the status that is badly escaped', 'UNKNOWN', 'unknown', (stream) =>
  answer(stream, { 'grpc-status': '2', 'grpc-message': '%E0%A4%A' }),
);
for (const status of ['-1', '999', 'NaN', '', '0x1', '1e9']) {
  lie(`a status of ${JSON.stringify(status)}`, /^[A-Z_]+$/, 'unknown', (stream) =>
    answer(stream, { 'grpc-status': status }),
  );
}
lie('no status in the trailers', /UNKNOWN|INTERNAL/, 'unknown', (stream) =>
  answer(stream, { other: 'x' }, frame(REPLY)),
);
lie('a verdict of etcd under a wrong code', 'COMPACTED', 'not-applied', (stream) =>
  answer(stream, { 'grpc-status': '2', 'grpc-message': 'etcdserver: mvcc: required revision has been compacted' }),
);
lie('a page of HTML with status 502', 'UNAVAILABLE', 'unknown', (stream) => {
  stream.respond({ ':status': 502, 'content-type': 'text/html' });
  stream.end('<html>Bad gateway\r\n</html>'.repeat(100));
});
lie(
  'a page of HTML with status 200',
  /UNKNOWN|INTERNAL|RESOURCE_EXHAUSTED|UNAVAILABLE|DEADLINE_EXCEEDED/,
  'unknown',
  (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'text/html' });
    stream.end('<html>Welcome</html>');
  },
);
lie('a redirect', /UNKNOWN|INTERNAL/, 'unknown', (stream) => {
  stream.respond({ ':status': 302, location: 'http://127.0.0.1:1/' });
  stream.end();
});
for (const code of [0, 1, 2, 3, 5, 8, 9, 11, 12, 13]) {
  lie(
    `RST_STREAM with code ${code}`,
    /UNAVAILABLE|INTERNAL|CANCELLED|RESOURCE_EXHAUSTED|PERMISSION_DENIED/,
    'unknown',
    (stream) => stream.close(code),
  );
}
lie(
  'a reply larger than maxReceiveBytes',
  'RESPONSE_TOO_LARGE',
  'unknown',
  (stream) => answer(stream, OK, frame(Buffer.alloc(200_000))),
  {
    maxReceiveBytes: 100_000,
  },
);
lie('H42 a session that is dropped', 'UNAVAILABLE', 'unknown', (_, __, session) => session.destroy());

test('RST_STREAM REFUSED_STREAM is sent again at most three times, a write too, and was not applied', async () => {
  const paths: string[] = [];
  await lying(
    (stream, path) => {
      paths.push(path);
      stream.close(7);
    },
    async (client) => {
      const [, put] = await failures(client);
      assert.is(put?.code, 'UNAVAILABLE');
      assert.is(put?.outcome, 'not-applied');
      assert.is(put?.attempts, 4);
    },
  );
  assert.is(paths.filter((path) => path.endsWith('/Put')).length, 4);
});

for (const text of ['Stream refused by server', 'Write error: Stream closed with error code NGHTTP2_REFUSED_STREAM']) {
  const words = { 'grpc-status': '14', 'grpc-message': text };
  lie(`a status that only says "${text}"`, 'UNAVAILABLE', 'unknown', (stream) => answer(stream, words));
  lie(`"${text}" without headers before it`, 'UNAVAILABLE', 'unknown', (stream) => {
    stream.respond({ ...GRPC, ...words }, { endStream: true });
  });
}

test('a stream that is refused once is sent again, and the caller does not notice', async () => {
  let refused = 0;
  await lying(
    (stream) => {
      if (refused++ === 0) stream.close(7);
      else answer(stream, OK, frame(REPLY));
    },
    async (client) => {
      await client.kv.put('k', 'v');
    },
  );
  assert.is(refused, 2);
});

test('a reply that promises 2 GiB is not made room for', async () => {
  const before = process.memoryUsage().rss;
  await lying(
    (stream) => {
      stream.respond(GRPC);
      stream.write(Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3]));
    },
    async (client) => {
      const [, put] = await failures(client);
      assert.is(put?.outcome, 'unknown');
    },
  );
  assert.ok(process.memoryUsage().rss - before < 64 * 1024 * 1024);
});

test('a gzip bomb costs memory no more than the limit', async () => {
  const bomb = frame(gzipSync(Buffer.alloc(256 * 1024 * 1024)), true);
  const before = process.memoryUsage().rss;
  let peak = 0;
  const watching = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 5);
  await lying(
    (stream) => {
      stream.on('wantTrailers', () => stream.sendTrailers(OK));
      stream.respond({ ...GRPC, 'grpc-encoding': 'gzip' }, { waitForTrailers: true });
      stream.end(bomb);
    },
    async (client) => {
      await failures(client);
    },
    { maxReceiveBytes: 1_000_000 },
  );
  clearInterval(watching);
  assert.ok(peak - before < 65 * 1024 * 1024, `${Math.round((peak - before) / 2 ** 20)} MiB`);
});

const noise: Record<string, Buffer> = {
  'text that is no HTTP/2': Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\nno'),
  zeros: Buffer.alloc(1_000),
  'a frame of 16 MiB': Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0]),
  'settings and then garbage': Buffer.concat([Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]), Buffer.alloc(500, 0xee)]),
  'settings and data for no stream': Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 7, 1]),
  'settings and a broken header block': Buffer.from([
    0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 3, 1, 4, 0, 0, 0, 1, 0xff, 0xff, 0xff,
  ]),
};
for (const [name, bytes] of Object.entries(noise)) {
  test(`bytes on the connection: ${name}`, () =>
    babbling(bytes, async (client) => {
      await failures(client);
    }));
}

test('streams that lie end with an EtcdError or by their reader, and stop nothing else', async () => {
  const watch = (body: string): Buffer => frame(Buffer.from(body, 'hex'));
  // WatchResponse: 1 header, 2 watch_id, 3 created, 4 canceled, 5 compact_revision, 6 cancel_reason, 11 events.
  const lies: Record<string, readonly Buffer[]> = {
    'events before created': [watch('0a0210015a021000')],
    'an unknown watch id': [watch('0a02180110e70718015a021000')],
    'a created that nobody asked for': [watch('0a0218011801'), watch('0a02180110011801'), watch('0a02180110021801')],
    'canceled twice': [watch('0a0218011801'), watch('0a0218012001'), watch('0a0218012001')],
    garbage: [watch('ffffffffffffffff')],
    'deeply nested groups': [frame(Buffer.alloc(20_000, 0x0b))],
    'an end at once': [],
  };
  for (const [name, frames] of Object.entries(lies)) {
    await lying(
      (stream, path) => {
        if (path.endsWith('/Watch') || path.endsWith('/LeaseKeepAlive')) answer(stream, OK, ...frames);
        else answer(stream, OK, frame(Buffer.from('0a021801', 'hex')));
      },
      async (client) => {
        const stream = client.watch('k', { timeoutMs: 300 });
        const reading = (async () => {
          for await (const _ of stream);
        })().catch((error: unknown) => assert.ok(isEtcdError(error), `${name}: ${String(error)}`));
        await stream.created.catch((error: unknown) => assert.ok(isEtcdError(error), `${name}: ${String(error)}`));
        await client.lease
          .keepAliveOnce(5n, { timeoutMs: 200 })
          .catch((error: unknown) => assert.ok(isEtcdError(error), `${name}: ${String(error)}`));
        await client.kv.get('k');
        await stream.cancel();
        await reading;
      },
    );
  }
});

test('a revision in fragments without an end costs no more than maxReceiveBytes, and ends its watch', async () => {
  const field = (tag: number, bytes: Buffer): Buffer =>
    Buffer.concat([Buffer.from([tag, ...varint(bytes.length)]), bytes]);
  const kv = Buffer.concat([Buffer.from('0a016b1805', 'hex'), field(0x2a, Buffer.alloc(100_000))]);
  // watch_id 1, fragment, one event of revision 5.
  const part = frame(Buffer.concat([Buffer.from('0a02180510013801', 'hex'), field(0x5a, field(0x12, kv))]));
  let parts = 0;
  await lying(
    (stream) => {
      stream.respond(GRPC);
      stream.write(frame(Buffer.from('0a02180110011801', 'hex')));
      const flood = (): void => {
        while (!stream.destroyed && stream.write(part)) parts += 1;
        parts += 1;
      };
      stream.on('drain', flood);
      flood();
    },
    async (client) => {
      const iterator = client.watch('k', { fragment: true })[Symbol.asyncIterator]();
      await rejects(() => iterator.next(), { code: 'RESPONSE_TOO_LARGE' });
    },
    { maxReceiveBytes: 1_000_000 },
  );
  assert.ok(parts < 200, `${parts} parts of 100 kB left the server`);
});

test('metadata that HTTP/2 cannot carry is refused with an EtcdError that does not show it', async () => {
  await lying(
    (stream) => answer(stream, OK, frame(REPLY)),
    async (client) => {
      const bad: Record<string, string | Uint8Array>[] = [
        { 'k ey': 'sentinel' },
        { key: 'sentinel\r\nother: x' },
        { 'key-bin': 'sentinel' },
        { connection: 'sentinel' },
        { ':path': 'sentinel' },
        { '': 'sentinel' },
      ];
      for (const metadata of bad) {
        const error = await client.kv.put('k', 'v', { metadata }).then(
          () => assert.unreachable(`${Object.keys(metadata)[0]} was sent`),
          (reason: unknown) => reason,
        );
        assert.ok(isEtcdError(error), String(error));
        assert.is(error.outcome, 'not-applied', `${Object.keys(metadata)[0]}: ${error.message}`);
        assert.not.match(String(error), /sentinel/);
      }
      await client.kv.put('k', 'v', { metadata: { fine: ['a', 'b'], 'fine-bin': Buffer.from([1]) } });
    },
  );
});

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

test.run();
