import { assert, rejects, suite } from '@etcdts/testing';
import type { EtcdError } from '@etcdts/core';
import { requestFields } from './request-fields.ts';

const test = suite('header fields of metadata');

test('names are in lower case, lists give a field each, bytes are base64 without padding, values are trimmed', () => {
  const metadata = {
    Token: ' x y ',
    list: ['1', '2'],
    'one-bin': Buffer.from([255]),
    'many-bin': [new Uint8Array([1, 2]), Buffer.from('abc')],
    'empty-bin': Buffer.alloc(0),
  };
  assert.equal(requestFields(metadata), [
    ['token', 'x y'],
    ['list', '1'],
    ['list', '2'],
    ['one-bin', '/w'],
    ['many-bin', 'AQI'],
    ['many-bin', 'YWJj'],
    ['empty-bin', ''],
  ]);
});

test('what the transport sends itself is left out', () => {
  assert.equal(requestFields({ te: 'x', 'Content-Type': 'x', 'user-agent': 'x', 'grpc-timeout': '1S' }), [
    ['grpc-timeout', '1S'],
  ]);
});

const REFUSED: readonly Record<string, unknown>[] = [
  { 'k ey': 'sentinel' },
  { '': 'sentinel' },
  { ':path': 'sentinel' },
  { ключ: 'sentinel' },
  { key: 'sentinel\n' },
  { key: 'sentinel\u00e9' },
  { key: 'sentinel\u0000' },
  { key: Buffer.from('sentinel') },
  { key: 1 },
  { key: undefined },
  { key: null },
  { key: {} },
  { key: ['fine', 2] },
  { 'key-bin': 'sentinel' },
  { 'key-bin': ['sentinel'] },
  { 'key-bin': undefined },
  ...[
    'connection',
    'Keep-Alive',
    'proxy-connection',
    'transfer-encoding',
    'upgrade',
    'http2-settings',
    'content-length',
  ].map((name) => ({ [name]: 'sentinel' })),
];
for (const metadata of REFUSED) {
  const [key] = Object.keys(metadata);
  test(`is refused by name, without its value: ${JSON.stringify(metadata)}`, async () => {
    const error = await rejects<EtcdError>(async () => requestFields(metadata as never), {
      code: 'INVALID_ARGUMENT',
      outcome: 'not-applied',
      argument: `metadata ${JSON.stringify(key)}`,
    });
    assert.not.match(error.message, /sentinel/);
  });
}

test.run();
