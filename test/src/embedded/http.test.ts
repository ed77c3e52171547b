// limit: 300 s
// What a client sees of gRPC over HTTP/2 below any library of gRPC: the same requests to the embedded etcd and to a real one.
import { connect, type ClientHttp2Session, type OutgoingHttpHeaders } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { startEmbedded } from '@etcdts/embedded';
import { assert, findEtcd, isAtLeast, startEtcd, suite } from '@etcdts/testing';
import { Dice } from '../http2/random-bytes.ts';
import { RawEtcd, type Message } from '../raw-etcd.ts';

const test = suite('embedded: gRPC over HTTP/2', { timeoutMs: 120_000 });

const { version } = await findEtcd();

/** A gRPC frame around a message. */
function framed(message: Buffer, flag = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

const HEADERS = {
  ':method': 'POST',
  ':path': '/etcdserverpb.KV/Range',
  'content-type': 'application/grpc',
  te: 'trailers',
};
const SHOWN = [':status', 'content-type', 'grpc-encoding', 'grpc-status', 'grpc-message'];

interface Answer {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly bytes: Buffer;
  readonly reset: number | undefined;
}

/** Sends a request and waits for its end. Without `end`, its half of the stream stays open. */
function ask(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body: Buffer | undefined,
  end = true,
): Promise<Answer> {
  const all = Object.entries({ ...HEADERS, ...headers }).filter(([, value]) => value !== undefined);
  const stream = session.request(Object.fromEntries(all), { endStream: false });
  const fields: Record<string, unknown> = {};
  const chunks: Buffer[] = [];
  const take = (some: Readonly<Record<string, unknown>>): void => {
    for (const name of SHOWN) if (some[name] !== undefined) fields[name] = some[name];
  };
  stream.on('response', take).on('trailers', take);
  stream.on('data', (chunk: Buffer) => void chunks.push(chunk));
  // A stream that was reset is over as well.
  stream.on('error', () => {});
  if (body !== undefined) stream.write(body);
  if (end) stream.end();
  return new Promise((resolve) =>
    stream.once('close', () => resolve({ fields, bytes: Buffer.concat(chunks), reset: stream.rstCode })),
  );
}

const GET = Buffer.from('0a0161', 'hex');
const LIMIT = 2 << 20;

/** Requests of which nothing depends on the state of the store: a name, headers, body, and whether the half ends. */
const requests: readonly (readonly [name: string, headers: OutgoingHttpHeaders, body?: Buffer, end?: boolean])[] = [
  ['a get', {}, framed(GET)],
  ['the method GET', { ':method': 'GET' }],
  ['no content type', { 'content-type': undefined }, framed(GET)],
  ['another content type', { 'content-type': 'application/json' }, framed(GET)],
  ['a content type that only begins so', { 'content-type': 'application/grpcx' }, framed(GET)],
  ['a subtype', { 'content-type': 'application/grpc+proto' }, framed(GET)],
  ['a parameter of the content type', { 'content-type': 'application/grpc;charset=utf8' }, framed(GET)],
  ['an unknown method', { ':path': '/etcdserverpb.KV/Nope' }, framed(GET)],
  ['an unknown service', { ':path': '/nope.KV/Nope' }, framed(GET)],
  ['a path without a slash', { ':path': 'nope' }, framed(GET)],
  ['a path of one part', { ':path': '/nope' }, framed(GET)],
  ['a path of three parts', { ':path': '/a/b/c' }, framed(GET)],
  ['no te', { te: undefined }, framed(GET)],
  ['gzip', { 'grpc-encoding': 'gzip' }, framed(gzipSync(GET), 1)],
  ['gzip of which the message makes no use', { 'grpc-encoding': 'gzip' }, framed(GET)],
  ['a compressed message without an encoding', {}, framed(GET, 1)],
  ['a compressed message with the encoding identity', { 'grpc-encoding': 'identity' }, framed(GET, 1)],
  ['another flag', {}, framed(GET, 2)],
  ['an encoding that etcd has not', { 'grpc-encoding': 'deflate' }, framed(GET, 1)],
  ['the same of which the message makes no use', { 'grpc-encoding': 'deflate' }, framed(GET)],
  ['a timeout without a unit', { 'grpc-timeout': 'abc' }, framed(GET)],
  ['a timeout that is too long', { 'grpc-timeout': '123456789S' }, framed(GET)],
  ['no time', { 'grpc-timeout': '0m' }, framed(GET)],
  ['no message', {}, Buffer.alloc(0)],
  ['two messages', {}, Buffer.concat([framed(GET), framed(GET)])],
  ['half a message', {}, framed(GET).subarray(0, 7)],
  ['a message, and no end', {}, framed(GET), false],
  ['a message over the limit', {}, framed(Buffer.alloc(LIMIT + 1))],
  ['the promise of a message over the limit', {}, Buffer.from('007fffffff', 'hex')],
  ['the same beyond 2^31', {}, Buffer.from('00ffffffff', 'hex')],
  ['a message that is larger than a request', { ':path': '/etcdserverpb.KV/Put' }, framed(largePut(1_600_000))],
  ['a refusal', { ':path': '/etcdserverpb.KV/Put' }, framed(Buffer.alloc(0))],
  ['a keepalive, and the end', { ':path': '/etcdserverpb.Lease/LeaseKeepAlive' }, framed(Buffer.from([8, 1]))],
  ['bytes that are no base64', { 'x-bin': '***' }, framed(GET)],
  ['health of the server', { ':path': '/grpc.health.v1.Health/Check' }, framed(Buffer.alloc(0))],
  ['health of a service', { ':path': '/grpc.health.v1.Health/Check' }, framed(Buffer.from('0a0161', 'hex'))],
];

/** A PutRequest with a key and a value of this size. */
function largePut(size: number): Buffer {
  const length = [(size & 127) | 128, ((size >> 7) & 127) | 128, size >> 14];
  return Buffer.concat([Buffer.from([0x0a, 1, 0x61, 0x12, ...length]), Buffer.alloc(size)]);
}

const title = `${requests.length} requests are answered as by etcd ${version}: status, fields and reset`;
if (!isAtLeast(version, '3.5')) test.skip(title, 'the texts of an older grpc-go differ');
else {
  test(title, async () => {
    await using real = await startEtcd();
    await using etcd = await startEmbedded();
    const sessions = [real.endpoint, etcd.endpoint].map((endpoint) =>
      connect(`http://${endpoint.replace(/^http:\/\//, '')}`),
    );
    for (const [name, headers, body, end] of requests) {
      const [expected, actual] = await Promise.all(sessions.map((session) => ask(session, headers, body, end)));
      assert.equal(actual?.fields, expected?.fields, name);
      assert.is(actual?.reset, expected?.reset, name);
      // The length of the answer depends on ids; whether it is compressed does not.
      assert.equal(actual?.bytes.subarray(0, 4), expected?.bytes.subarray(0, 4), name);
    }
    for (const session of sessions) session.destroy();
  });
}

test('a call past its deadline ends with etcd 3.5’s status, whether its request has come or not', async () => {
  await using etcd = await startEmbedded();
  const session = connect(`http://${etcd.endpoint}`);
  for (const path of ['/etcdserverpb.KV/Range', '/etcdserverpb.Watch/Watch']) {
    const { fields } = await ask(session, { ':path': path, 'grpc-timeout': '20m' }, undefined, false);
    assert.equal([fields['grpc-status'], fields['grpc-message']], ['4', 'context deadline exceeded'], path);
  }
  session.destroy();
});

test('messages of any size pass in both directions, whatever the windows of the client are', async () => {
  await using etcd = await startEmbedded();
  const dice = new Dice(1);
  for (let round = 0; round < 12; round++) {
    const initialWindowSize = dice.pick([1_000, 16_384, 65_535, 300_000, 2 ** 31 - 1]);
    const session = connect(`http://${etcd.endpoint}`, {
      settings: { initialWindowSize, maxFrameSize: dice.pick([16_384, 100_000]) },
    });
    const one = async (number: number): Promise<void> => {
      const key = Buffer.from(`key-${round}-${number}`);
      const value = dice.bytes(dice.pick([0, 1, 100, 16_000, 60_000]));
      const times = dice.pick([1, 1, 20]);
      const whole = Buffer.concat(Array.from({ length: times }, () => value));
      const size = (length: number): number[] => [(length & 127) | 128, ((length >> 7) & 127) | 128, length >> 14];
      const put = Buffer.concat([
        Buffer.from([0x0a, key.length]),
        key,
        Buffer.from([0x12, ...size(whole.length)]),
        whole,
      ]);
      await ask(session, { ':path': '/etcdserverpb.KV/Put' }, framed(put));
      const get = Buffer.concat([Buffer.from([0x0a, key.length]), key]);
      const { bytes, fields } = await ask(session, {}, framed(get));
      assert.is(fields['grpc-status'], '0');
      assert.is(bytes.length, 5 + bytes.readUInt32BE(1));
      assert.ok(
        whole.length === 0 || bytes.includes(whole),
        `${whole.length} bytes over windows of ${initialWindowSize}`,
      );
    };
    await Promise.all(Array.from({ length: 8 }, (_, number) => one(number)));
    session.destroy();
  }
});

test('over grpc-js as well, on one connection', async () => {
  await using etcd = await startEmbedded();
  const dice = new Dice(2);
  const raw = new RawEtcd(etcd.endpoint);
  const one = async (number: number): Promise<void> => {
    const key = Buffer.from(`key-${number}`);
    const part = dice.bytes(dice.pick([0, 1, 16_384, 65_000]));
    const value = Buffer.concat(Array.from({ length: dice.pick([1, 3, 20]) }, () => part));
    assert.is((await raw.call('KV.Put', { key, value })).error, undefined);
    const { responses } = await raw.call('KV.Range', { key });
    const [kv] = (responses[0] as Message)['kvs'] as readonly Message[];
    assert.ok(kv?.['value'] === value.toString('base64'), `${value.length} bytes`);
  };
  for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: 16 }, (_, number) => one(number)));
  raw.close();
});

test.run();
