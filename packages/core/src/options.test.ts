import { assert, suite } from '@etcdts/testing';
import { isEtcdError } from './errors.ts';
import { resolveOptions, type ClientOptions } from './options.ts';
import { grpcTransport } from './transport/grpc/grpc.ts';

const test = suite('client options');

const resolve = (options: Partial<ClientOptions>): ReturnType<typeof resolveOptions> =>
  resolveOptions({ endpoints: 'a:1', ...options }, grpcTransport);

test('CF-04 CF-05 CF-06 CF-07 CF-01 the defaults are those of the documentation', () => {
  const {
    requestTimeoutMs,
    connectTimeoutMs,
    keepalive,
    maxSendBytes,
    maxReceiveBytes,
    watchBufferBytes,
    autoSyncIntervalMs,
    rejectOldCluster,
    transport,
    tls,
  } = resolve({});
  assert.equal(
    {
      requestTimeoutMs,
      connectTimeoutMs,
      keepalive,
      maxSendBytes,
      maxReceiveBytes,
      watchBufferBytes,
      autoSyncIntervalMs,
      rejectOldCluster,
      tls,
    },
    {
      requestTimeoutMs: 10_000,
      connectTimeoutMs: 5_000,
      keepalive: { timeMs: 5_500, timeoutMs: 2_000, permitWithoutCalls: false },
      maxSendBytes: 2 * 1024 * 1024,
      maxReceiveBytes: 2 ** 31 - 1,
      watchBufferBytes: 64 * 1024 * 1024,
      autoSyncIntervalMs: undefined,
      rejectOldCluster: false,
      tls: undefined,
    },
  );
  assert.is(transport.name, '@grpc/grpc-js');
});

test('undefined is as good as absent', () => {
  const absent = resolve({});
  const given = resolve({
    requestTimeoutMs: undefined,
    keepalive: { timeMs: undefined },
    tls: undefined,
    maxSendBytes: undefined,
  });
  for (const name of ['requestTimeoutMs', 'keepalive', 'maxSendBytes', 'tls'] as const)
    assert.equal(given[name], absent[name]);
});

test('a deadline of Infinity is none, and keepalive can be turned off', () => {
  assert.is(resolve({ requestTimeoutMs: Infinity }).requestTimeoutMs, Infinity);
  assert.is(resolve({ keepalive: false }).keepalive, undefined);
  assert.is(resolve({ maxReceiveBytes: 2 ** 40 }).maxReceiveBytes, 2 ** 31 - 1);
});

const refused: readonly (readonly [argument: string, options: Record<string, unknown>])[] = [
  ['endpoints', { endpoints: undefined }],
  ['endpoints', { endpoints: [] }],
  ['endpoints', { endpoints: ['ftp://x'] }],
  ['requestTimeoutMs', { requestTimeoutMs: 0 }],
  ['requestTimeoutMs', { requestTimeoutMs: NaN }],
  ['requestTimeoutMs', { requestTimeoutMs: '5' }],
  ['connectTimeoutMs', { connectTimeoutMs: 0 }],
  ['connectTimeoutMs', { connectTimeoutMs: Infinity }],
  ['keepalive', { keepalive: true }],
  ['keepalive', { keepalive: 5_000 }],
  ['keepalive.timeMs', { keepalive: { timeMs: 4_999 } }],
  ['keepalive.timeMs', { keepalive: { timeMs: Infinity } }],
  ['keepalive.timeoutMs', { keepalive: { timeoutMs: 0 } }],
  ['maxSendBytes', { maxSendBytes: 0 }],
  ['maxSendBytes', { maxSendBytes: Infinity }],
  ['maxReceiveBytes', { maxReceiveBytes: 1.5 }],
  ['watchBufferBytes', { watchBufferBytes: 0 }],
  ['autoSyncIntervalMs', { autoSyncIntervalMs: 0 }],
  ['autoSyncIntervalMs', { autoSyncIntervalMs: Infinity }],
  ['tls', { tls: null }],
  ['tls', { tls: true }],
  ['tls.ca', { tls: { ca: 'no PEM', cert: 'no PEM', key: 'no PEM' } }],
  ['tls.ca', { tls: { ca: 5 } }],
  ['tls.serverName', { tls: { serverName: 5 } }],
  ['tls.insecureSkipVerify', { tls: { insecureSkipVerify: 'false' } }],
  ['rejectOldCluster', { rejectOldCluster: 'no' }],
  ['tls.key', { tls: { cert: 'x' } }],
  ['tls.cert', { tls: { key: 'x' } }],
  ['tls.load', { tls: { load: 'file' } }],
  ['tls.ca', { tls: { load: () => ({}), ca: 'x' } }],
  ['keepalive.permitWithoutCalls', { keepalive: { permitWithoutCalls: 'yes' } }],
  ['signal', { signal: {} }],
  ['signal', { signal: new AbortController() }],
  ['interceptors', { interceptors: 'retry' }],
  ['interceptors', { interceptors: {} }],
  ['transport', { transport: 'grpc' }],
  ['logger', { logger: {} }],
];
for (const [argument, options] of refused) {
  test(`CF-04 ${argument} of ${JSON.stringify(Object.values(options)[0], (_, value: unknown) => (typeof value === 'number' ? String(value) : value))} is refused`, () => {
    assert.throws(
      () => resolve(options),
      (error: unknown) =>
        isEtcdError(error) &&
        error.argument === argument &&
        error.outcome === 'not-applied' &&
        error.message.includes(argument),
    );
  });
}

test('options must be an object', () => {
  for (const options of [undefined, null, 'a:1'])
    assert.throws(() => resolveOptions(options as never, grpcTransport), /INVALID_ARGUMENT: options/);
});

test('a key that cannot be read is not shown', () => {
  assert.throws(
    () => resolve({ tls: { cert: 'sentinel', key: 'sentinel' } }),
    (error: Error) => !/sentinel/.test(String(error.stack)),
  );
});

test('an unknown option is refused by name, in tls and keepalive too, and with the place of what other clients have', () => {
  for (const [options, said] of [
    [{ endpoint: 'a:1' }, 'endpoint; did you mean endpoints?'],
    [{ requestTimeout: 5 }, 'requestTimeout; did you mean requestTimeoutMs?'],
    [{ tls: { servername: 'a' } }, 'tls.servername; did you mean tls.serverName?'],
    [
      { tls: { passphrase: 'sentinel' } },
      'tls.passphrase; there are ca, cert, key, serverName, insecureSkipVerify, load',
    ],
    [{ keepalive: { time: 5 } }, 'keepalive.time; did you mean keepalive.timeMs?'],
    [{ hosts: 'a:1' }, 'hosts; did you mean endpoints?'],
    [{ password: 'sentinel' }, 'password; give it to auth() of @etcdts/auth, and that to interceptors'],
  ] as const) {
    assert.throws(
      () => resolve(options as object),
      (error: Error) => error.message === `INVALID_ARGUMENT: unknown option ${said}`,
      said,
    );
  }
});

test('a path in place of a certificate is refused by name, with what to do, and so is what is no PEM', () => {
  for (const [tls, said] of [
    [{ ca: '/etc/etcd/ca.pem' }, /tls\.ca holds a path: read the file/],
    [{ ca: 'ca.crt' }, /tls\.ca holds a path/],
    [{ cert: 'C:\\\\client.crt', key: 'client.key' }, /tls\.cert holds a path/],
    [{ ca: Buffer.from('sentinel') }, /tls\.ca holds no PEM/],
    [{ ca: 'sentinel' }, /tls\.ca holds no PEM/],
  ] as const) {
    assert.throws(
      () => resolve({ tls }),
      (error: Error) => said.test(error.message) && !/sentinel|client\./.test(error.message),
    );
  }
});

test('a value of the wrong type is shown with its type, and a deadline of 0 with what stands for none', () => {
  const refusal = (options: object): string => {
    try {
      resolve(options);
    } catch (error) {
      return (error as Error).message;
    }
    return 'accepted';
  };
  assert.match(refusal({ requestTimeoutMs: '5000' }), /at least 1, not "5000" \(a string\)$/);
  assert.match(refusal({ requestTimeoutMs: 0 }), /at least 1, not 0: use Infinity for none$/);
  assert.match(refusal({ maxSendBytes: '1' }), /must be a safe integer, not "1" \(a string\)$/);
  assert.match(refusal({ signal: new AbortController() }), /not an AbortController: pass controller\.signal$/);
});

test('insecureSkipVerify warns', () => {
  const warnings: string[] = [];
  const logger = { debug() {}, info() {}, warn: (line: string) => void warnings.push(line), error() {} };
  resolve({ tls: { insecureSkipVerify: true }, logger });
  assert.is(warnings.length, 1);
  resolve({ tls: {}, logger });
  assert.is(warnings.length, 1);
});

test.run();
