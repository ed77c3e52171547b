import { assert, suite } from '@etcdts/testing';
import { defineService, type ProtocolJson } from './define-service.ts';
import { isEtcdError } from './errors.ts';
import type { Method } from './methods.ts';

const test = suite('defineService');

interface Numbers {
  readonly Add: {
    readonly request: { readonly terms: readonly bigint[] };
    readonly response: { readonly sum: bigint };
  };
  readonly Count: { readonly request: object; readonly response: { readonly sum: bigint } };
  readonly Chat: { readonly request: object; readonly response: object };
}

const numbers: ProtocolJson = {
  nested: {
    demo: {
      nested: {
        v1: {
          nested: {
            Terms: { fields: { terms: { rule: 'repeated', type: 'int64', id: 1 } } },
            Sum: { fields: { sum: { type: 'int64', id: 1 } } },
            Numbers: {
              methods: {
                Add: { requestType: 'Terms', responseType: 'Sum' },
                Count: { requestType: 'Terms', responseType: 'Sum', responseStream: true },
                Chat: { requestType: 'Terms', requestStream: true, responseType: 'Sum', responseStream: true },
              },
            },
            Other: { methods: { Ping: { requestType: 'Terms', responseType: 'Sum' } } },
          },
        },
      },
    },
  },
};

interface Codec {
  encodeRequest(message: unknown): Buffer;
  decodeResponse(bytes: Buffer): unknown;
}
const codecOf = (method: unknown): Codec => (method as { codec: Codec }).codec;

function refused(make: () => unknown, argument: string, message: RegExp): void {
  assert.throws(make, (error: unknown) => {
    assert.ok(isEtcdError(error, 'INVALID_ARGUMENT'), String(error));
    assert.is(error.argument, argument);
    assert.match(error.message, message);
    return true;
  });
}

test('K-4 makes a method of each RPC of a protocol that is given as JSON', async () => {
  const made = defineService<Numbers>(numbers, { service: 'demo.v1.Numbers', reads: ['Add'] });
  const rows = Object.entries(made as Record<string, Method>).map(([key, one]) => [
    key,
    one.path,
    one.label,
    one.kind,
    one.safety,
    one.repeat,
  ]);
  assert.equal(rows, [
    ['Add', '/demo.v1.Numbers/Add', 'Numbers.Add', 'unary', 'read', 'always'],
    ['Count', '/demo.v1.Numbers/Count', 'Numbers.Count', 'serverStream', 'write', 'unsent'],
    ['Chat', '/demo.v1.Numbers/Chat', 'Numbers.Chat', 'bidi', 'write', 'unsent'],
  ]);
  const codec = codecOf(made.Add);
  const frame = codec.encodeRequest({ terms: [1n, 2n ** 62n] });
  assert.is(frame.readUInt32BE(1), frame.length - 5);
  assert.equal(codec.decodeResponse(Buffer.from([0x08, 0x2a])), { sum: 42n });
  assert.equal(codec.decodeResponse(Buffer.alloc(0)), { sum: 0n });
});

test('K-4 makes a method of each RPC of a definition in the form of proto-loader', () => {
  const made = defineService({
    say: {
      path: '/demo.v1.Echo/Say',
      requestStream: false,
      responseStream: false,
      requestSerialize: (message: string) => Buffer.from(message),
      responseDeserialize: (bytes: Buffer) => bytes.toString(),
    },
  });
  const typed: Method<string, string> = made.say;
  assert.equal([typed.name, typed.label, typed.kind], ['Say', 'Echo.Say', 'unary']);
  const codec = codecOf(made.say);
  assert.equal(codec.encodeRequest('hi'), Buffer.from([0, 0, 0, 0, 2, 0x68, 0x69]));
  assert.is(codec.decodeResponse(Buffer.from('ho')), 'ho');
});

test('K-4 a request that cannot be encoded is refused by name', async () => {
  const { Add } = defineService<Numbers>(numbers, { service: 'demo.v1.Numbers' });
  const codec = codecOf(Add);
  for (const request of [undefined, null, { terms: 5 }])
    refused(() => codec.encodeRequest(request), 'request', /demo\.v1\.Numbers\.Add/);
});

test('K-4 a response that is malformed is refused as one of etcd is', () => {
  const { Add } = defineService<Numbers>(numbers, { service: 'demo.v1.Numbers' });
  assert.throws(
    () => codecOf(Add).decodeResponse(Buffer.from([0x08, 0x80])),
    (error: unknown) =>
      isEtcdError(error, 'INTERNAL') &&
      error.outcome === 'unknown' &&
      /malformed response of demo\.v1\.Numbers\.Add from the server: a varint runs/.test(error.message),
  );
});

test('K-4 what is no definition, and names that it does not have, are refused by name', () => {
  const define = defineService as (definition: unknown, options?: object) => unknown;
  for (const wrong of [undefined, null, 'health', 5]) refused(() => define(wrong), 'definition', /must be a service/);
  refused(() => define({}), 'definition', /has no RPC/);
  refused(() => define({ nested: {} }), 'service', /none/);
  refused(() => define({ Check: { path: 'x' } }), 'definition', /must define Check by path/);
  refused(() => define({ Check: null }), 'definition', /must define Check by path/);
  const lost = { nested: { Lost: { methods: { Find: { requestType: 'Nowhere', responseType: 'Nowhere' } } } } };
  refused(() => define(lost), 'definition', /cannot be used: the protocol has no type Nowhere/);
  refused(() => define(numbers), 'service', /demo\.v1\.Numbers, demo\.v1\.Other/);
  refused(() => define(numbers, { service: 'demo.v1.Numbres' }), 'service', /demo\.v1\.Numbers/);
  refused(() => define(numbers, { service: 'demo.v1.Other', reads: ['Add'] }), 'reads', /"Add"; the service has Ping/);
});

test('an unknown option is refused by name', () => {
  assert.throws(
    () => defineService({ nested: {} }, { read: ['Check'] } as never),
    /unknown option read; did you mean reads\?/,
  );
});

test.run();
