import type { ConnectFailure, Lookup } from '@etcdts/core/plugin';
import { assert, suite } from '@etcdts/testing';
import { http2Transport, type Http2TransportOptions } from './http2.ts';

const test = suite('http2Transport');

const named = { address: 'etcd.example:1', host: 'etcd.example', port: 1, socketPath: undefined, secure: false };
const options = { tls: undefined, keepalive: undefined, maxReceiveBytes: 1_000 };

/** Why a connection to a name fails with this transport. */
function failureOf(transport: Http2TransportOptions): Promise<ConnectFailure> {
  return new Promise((onLost) => {
    http2Transport(transport)
      .connect(named, options)
      .connect({ onReady() {}, onLost, onCrowded() {} });
  });
}

test('looks names up by the function that it is given', async () => {
  const hosts: string[] = [];
  const lookup: Lookup = (host, done) => {
    hosts.push(host);
    setImmediate(done, new Error('no such name'), []);
  };
  assert.is((await failureOf({ lookup })).details, 'no such name');
  assert.equal(hosts, ['etcd.example']);
});

test('has a name for descriptions', () => {
  assert.is(http2Transport().name, '@etcdts/http2');
});

const good: readonly Http2TransportOptions[] = [
  {},
  { windowBytes: undefined, lookup: undefined },
  { windowBytes: 65_535, connectionWindowBytes: 65_535, maxHeaderListBytes: 4_096 },
  { windowBytes: 2 ** 31 - 1, connectionWindowBytes: 2 ** 31 - 1, maxHeaderListBytes: 2 ** 24 },
];
for (const one of good) {
  test(`takes ${JSON.stringify(one)}`, () => {
    http2Transport(one);
  });
}

const refused: readonly (readonly [options: unknown, reason: RegExp])[] = [
  [{ windowBytes: 65_534 }, /windowBytes must be at least 65535, not 65534/],
  [{ windowBytes: 2 ** 31 }, /windowBytes must be at most 2147483647, not 2147483648/],
  [{ connectionWindowBytes: 65_534 }, /connectionWindowBytes must be at least 65535/],
  [{ connectionWindowBytes: 1.5 }, /connectionWindowBytes must be a safe integer, not 1\.5/],
  [{ maxHeaderListBytes: 4_095 }, /maxHeaderListBytes must be at least 4096/],
  [{ maxHeaderListBytes: 2 ** 24 + 1 }, /maxHeaderListBytes must be at most 16777216/],
  [{ maxHeaderListBytes: Infinity }, /maxHeaderListBytes must be a safe integer/],
  [{ lookup: 'ipv4first' }, /lookup must be a function, not a string/],
  [{ window: 1 << 20 }, /unknown option window; /],
  [{ tls: {} }, /tls is an option of createClient/],
  [{ keepalive: false }, /keepalive is an option of createClient/],
  [null, /options must be an object of options, not null/],
  [1 << 20, /options must be an object of options, not a number/],
];
for (const [one, reason] of refused) {
  test(`refuses ${JSON.stringify(one)}`, () => {
    assert.throws(
      () => http2Transport(one as Http2TransportOptions),
      (error: Error) => error.message.startsWith('INVALID_ARGUMENT: ') && reason.test(error.message),
    );
  });
}

test.run();
