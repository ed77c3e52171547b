import { assert, suite } from '@etcdts/testing';
import { isEtcdError } from '../errors.ts';
import { authorityOf, parseEndpoint, parseEndpoints } from './endpoints.ts';

const test = suite('endpoints');

const accepted: readonly (readonly [
  text: string,
  tls: boolean,
  address: string,
  host: string,
  port: number,
  secure: boolean,
])[] = [
  ['host:2379', false, 'host:2379', 'host', 2379, false],
  ['host:2379', true, 'host:2379', 'host', 2379, true],
  ['host', false, 'host:2379', 'host', 2379, false],
  [' host:1 ', false, 'host:1', 'host', 1, false],
  ['http://host:1', true, 'http://host:1', 'host', 1, false],
  ['https://host:1', false, 'https://host:1', 'host', 1, true],
  ['HTTPS://host:1/', false, 'https://host:1', 'host', 1, true],
  ['http://host', false, 'http://host:2379', 'host', 2379, false],
  ['127.0.0.1:65535', false, '127.0.0.1:65535', '127.0.0.1', 65535, false],
  ['[::1]:2379', false, '[::1]:2379', '::1', 2379, false],
  ['[::1]', false, '[::1]:2379', '::1', 2379, false],
  ['https://[fe80::1]:7', false, 'https://[fe80::1]:7', 'fe80::1', 7, true],
  ['bücher.example:1', false, 'bücher.example:1', 'bücher.example', 1, false],
];
for (const [text, tls, address, host, port, secure] of accepted) {
  test(`EP-01 EP-02 EP-03 CL-11 ${JSON.stringify(text)} is accepted${tls ? ', with TLS options' : ''}`, () => {
    assert.equal(parseEndpoint(text, tls), { address, host, port, socketPath: undefined, secure });
  });
}

const sockets: readonly (readonly [text: string, path: string, secure: boolean])[] = [
  ['unix:/run/etcd.sock', '/run/etcd.sock', false],
  ['unix:///run/etcd.sock', '/run/etcd.sock', false],
  ['unix://localhost:1', 'localhost:1', false],
  ['unix:relative', 'relative', false],
  ['unixs:/run/etcd.sock', '/run/etcd.sock', true],
  ['unixs:///run/a b', '/run/a b', true],
  ['unix:/run/@etcd.sock', '/run/@etcd.sock', false],
  ['unix:@abstract', '@abstract', false],
];
for (const [text, socketPath, secure] of sockets) {
  test(`EP-04 EP-05 EP-06 ${text} is a socket`, () => {
    const scheme = text.slice(0, text.indexOf(':'));
    assert.equal(parseEndpoint(text, false), {
      address: `${scheme}:${socketPath}`,
      host: '',
      port: 0,
      socketPath,
      secure,
    });
  });
}

const refused: readonly (readonly [text: unknown, reason: RegExp])[] = [
  ['', /empty endpoint/],
  ['  ', /empty endpoint/],
  [5, /must be text, not a number/],
  [undefined, /must be text, not undefined/],
  ['ftp://host:1', /scheme/],
  ['tcp://host:1', /scheme/],
  ['http://', /no host/],
  [':2379', /no host/],
  ['host:', /port/],
  ['host:0', /port/],
  ['host:65536', /port/],
  ['host:99999999999999999999', /port/],
  ['host:1x', /no "host:port"/],
  ['host:-1', /no "host:port"/],
  ['::1', /brackets/],
  ['a:b:c', /brackets/],
  ['[::1', /brackets/],
  ['[host]:1', /no IPv6 address/],
  ['[]:1', /no IPv6 address/],
  ['[::1]x:1', /brackets/],
  ['http://host:1/path', /path or query/],
  ['http://host:1?a=b', /path or query/],
  ['http://host:1#a', /path or query/],
  ['ho st:1', /path or query/],
  ['host\n:1', /path or query/],
  ['unix:', /without a path/],
  ['unixs://', /without a path/],
];
for (const [text, reason] of refused) {
  test(`EP-07 EP-08 EP-10 ${JSON.stringify(text) ?? 'undefined'} is refused`, () => {
    assert.throws(
      () => parseEndpoint(text as string, false),
      (error: unknown) =>
        isEtcdError(error, 'INVALID_ARGUMENT') && error.argument === 'endpoints' && reason.test(error.message),
    );
  });
}

test('EP-10 user info is refused and never shown, however it is written', () => {
  const texts = [
    'http://user:sentinel@host:1',
    'user:sentinel@host',
    'ftp://sentinel@',
    'https://host:1/@sentinel',
    'a:1,user:sentinel@host',
  ];
  for (const text of texts) {
    assert.throws(
      () => parseEndpoint(text, false),
      (error: Error) =>
        isEtcdError(error) &&
        /user info/.test(error.message) &&
        !/sentinel/.test(`${error.stack}${JSON.stringify(error)}`),
    );
  }
});

test('what is shown of a refused endpoint is bounded, and has no control characters', () => {
  assert.throws(
    () => parseEndpoint(`ftp://\u001b[31m${'x'.repeat(10_000)}`, false),
    // eslint-disable-next-line no-control-regex
    (error: Error) => error.message.length < 500 && !/[\u0000-\u001f]/.test(error.message),
  );
});

test('a query is never shown', () => {
  for (const text of [
    'http://host:1?token=sentinel',
    'http://host:1/path?token=sentinel#sentinel',
    'host:1#sentinel',
  ]) {
    assert.throws(
      () => parseEndpoint(text, false),
      (error: Error) =>
        /holds "[^"]*host:1[^"]*", which must be/.test(error.message) && !/sentinel/.test(error.message),
    );
  }
});

test('a text holds several endpoints between commas, as etcdctl takes them; the path of a socket in an array may have one', () => {
  const addresses = (list: string | readonly string[]): readonly string[] =>
    parseEndpoints(list, false).map(({ address }) => address);
  assert.equal(addresses('a:1, b:2,https://c:3,'), ['a:1', 'b:2', 'https://c:3']);
  assert.equal(addresses(['a:1,b:2', 'c:3']), ['a:1', 'b:2', 'c:3']);
  assert.equal(addresses('unix:/a,unix:/b'), ['unix:/a', 'unix:/b']);
  assert.equal(addresses(['unix:/a,b', 'c:3']), ['unix:/a,b', 'c:3']);
  assert.throws(() => addresses(','), /NO_AVAILABLE_ENDPOINTS/);
});

test('EP-10 a list keeps its order, names each endpoint once, and names at least one', () => {
  assert.equal(
    parseEndpoints(['b:1', 'a:1', 'b:1', 'b'], false).map(({ address }) => address),
    ['b:1', 'a:1', 'b:2379'],
  );
  assert.equal(
    parseEndpoints('a:1', false).map(({ address }) => address),
    ['a:1'],
  );
  assert.is(
    parseEndpoints(
      Array.from({ length: 10_000 }, (_, i) => `h${i}`),
      false,
    ).length,
    10_000,
  );
  for (const [list, given] of [
    [[], 'empty'],
    ['', 'empty'],
    [undefined, 'undefined'],
    [null, 'null'],
  ] as const) {
    assert.throws(
      () => parseEndpoints(list as never, false),
      new RegExp(
        `NO_AVAILABLE_ENDPOINTS: endpoints must name at least one endpoint, and is ${given}: .*is the variable set`,
      ),
    );
  }
  for (const list of [5, {}])
    assert.throws(() => parseEndpoints(list as never, false), /INVALID_ARGUMENT: endpoints must be a text or an array/);
});

test('EP-04 EP-05 EP-06 EP-09 the authority is host and port, or localhost for a socket', () => {
  assert.is(authorityOf(parseEndpoint('https://[::1]:1', false)), '[::1]:1');
  assert.is(authorityOf(parseEndpoint('host', false)), 'host:2379');
  assert.is(authorityOf(parseEndpoint('unix:/run/etcd', false)), 'localhost');
});

test.run();
