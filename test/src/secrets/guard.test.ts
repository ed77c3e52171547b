import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { assert, suite } from '@etcdts/testing';
import { KnownSecrets } from './known-secrets.ts';
import type { Findings } from './shown.ts';

interface Result {
  readonly passed: number;
  readonly failed: number;
  readonly output: string;
  readonly secrets: { readonly looked: Readonly<Record<string, number>>; readonly hits: readonly string[] };
}

const scripts = new URL('../../../scripts/', import.meta.url);
const { runFile } = (await import(new URL('run-file.mjs', scripts).href)) as {
  runFile(path: string): Promise<Result>;
};
const { addFindings, noFindings, sayFindings, unseen } = (await import(new URL('secrets.mjs', scripts).href)) as {
  addFindings(sum: Findings, one: Findings): void;
  noFindings(): Findings;
  sayFindings(sum: Findings): string;
  unseen(sum: Findings): string[];
};
const resolved = (name: string): string => JSON.stringify(import.meta.resolve(name));

/** What the runner makes of a test file whose one test has this body. */
async function judge(body: string): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'etcdts-guard-'));
  const file = join(folder, 'x.test.mjs');
  const text = `
    import { spawnSync } from 'node:child_process';
    import { auth } from ${resolved('@etcdts/auth')};
    import { createClient, EtcdError } from ${resolved('@etcdts/core')};
    import { methods } from ${resolved('@etcdts/core/plugin')};
    import { suite } from ${resolved('@etcdts/testing')};
    import promClient from ${resolved('prom-client')};
    const KEY = 'orders/' + 4711;
    const TOKEN = 'abcdefghijklmnop.7';
    /** Connects, and never answers. */
    const mute = { name: 'mute', connect: (endpoint) => ({
      endpoint,
      connect: (observer) => observer.onReady(),
      start: () => ({ send() {}, halfClose() {}, read() {}, cancel() {} }),
      close() {},
    }) };
    const clientOf = (options = {}) => createClient({ endpoints: '127.0.0.1:1', ...options });
    const error = (init) => new EtcdError({ code: 'INTERNAL', outcome: 'unknown', message: '', ...init });
    const put = (client, key = KEY) => client.kv.put(key, 'v', { timeoutMs: 200 }).catch(() => {});
    const test = suite('planted');
    test('leaks', async () => { ${body} });
    test.run();`;
  try {
    await writeFile(file, text);
    return await runFile(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const test = suite('the guard of secrets', { timeoutMs: 30_000 });

/** Each with the place in which it is found. */
const leaks: Record<string, [place: string, body: string]> = {
  'a marked text in the message of an error': ['errors', `error({ message: 'no sentinel-x' });`],
  'a key that an operation was given': ['errors', `await put(clientOf()); error({ message: KEY });`],
  'the namespace of a key': [
    'errors',
    `await put(clientOf(), 'tenants-of/a/' + KEY); error({ message: 'tenants-of/' });`,
  ],
  'a key that was refused before it was sent': [
    'errors',
    `await put(clientOf(), KEY + '\\ud800'); error({ message: KEY });`,
  ],
  'a key in the cause of an error': ['errors', `await put(clientOf()); error({ cause: new Error(KEY) });`],
  'a key in a field of the cause of a cause': [
    'errors',
    `await put(clientOf()); error({ cause: new Error('a', { cause: Object.assign(new Error('b'), { at: { KEY } }) }) });`,
  ],
  'a key in an error that sums up others': [
    'errors',
    `await put(clientOf()); error({ cause: new AggregateError([new Error(KEY)]) });`,
  ],
  'the bytes of a key': ['errors', `await put(clientOf()); error({ cause: new Uint8Array(Buffer.from(KEY)) });`],
  'a key in base64': [
    'errors',
    `await put(clientOf()); error({ message: Buffer.from('>' + KEY + '<').toString('base64') });`,
  ],
  'a key that became a message alone': [
    'errors',
    `methods.range.codec.encodeRequest({ key: Buffer.from(KEY) }); error({ message: KEY });`,
  ],
  'a token that etcd gave': [
    'errors',
    `const { codec } = methods.authenticate;
     codec.decodeResponse(Buffer.concat([Buffer.from([0x12, TOKEN.length]), Buffer.from(TOKEN)]));
     error({ message: TOKEN });`,
  ],
  'a part of a JSON Web Token': [
    'errors',
    `const token = ['e'.repeat(20), 'the-payload', 'the-signature'].join('.');
     const { codec } = methods.authenticate;
     codec.decodeResponse(Buffer.concat([Buffer.from([0x12, token.length]), Buffer.from(token)]));
     error({ message: 'the-signature', cause: Object.create(null) });`,
  ],
  'a token that the application gives': [
    'errors',
    `await put(clientOf({ transport: mute, interceptors: [auth({ token: TOKEN })] })); error({ message: TOKEN });`,
  ],
  'a password that was sent': [
    'errors',
    `const { codec } = methods.authenticate;
     codec.encodeRequest({ name: 'n', password: 'correct horse' });
     error({ message: 'correct horse' });`,
  ],
  'a log line, also where nobody listens': [
    'log lines',
    `const { kv } = clientOf({ transport: { name: 't', connect(endpoint) {
       return { endpoint, connect: (observer) => observer.onLost({ details: KEY, tls: false }), start() {}, close() {} };
     } } });
     await kv.put(KEY, 'v', { timeoutMs: 50 }).catch(() => {});`,
  ],
  'a label, also where nobody reads the registry': [
    'labels',
    `await put(clientOf());
     new promClient.Counter({ name: 'a', help: 'b', labelNames: ['key'], registers: [new promClient.Registry()] }).inc({ key: KEY });`,
  ],
  'a description, also where nobody asks for it': [
    'descriptions',
    `const client = clientOf({ interceptors: [{ name: KEY, unary: (next) => next }] }); await put(client); await client.close();`,
  ],
  'the output of a program that it starts': [
    'output',
    `spawnSync(process.execPath, ['-e', 'console.log("sentinel-password")'], { stdio: 'ignore' });`,
  ],
};

for (const [what, [place, body]] of Object.entries(leaks)) {
  test(`finds ${what}`, async () => {
    const { passed, failed, output, secrets } = await judge(body);
    assert.equal([passed, failed], [1, 1], output);
    assert.match(output, `is shown in ${place}: …`);
    assert.is(secrets.hits.length > 0, true);
  });
}

test('refuses passwords that are too short to be found', async () => {
  const { failed, output } = await judge(
    `const { codec } = methods.authenticate; codec.encodeRequest({ name: 'n', password: 'short' });`,
  );
  assert.is(failed, 1);
  assert.match(output, 'passwords or tokens of under 8 bytes');
});

test('lets pass what is no leak: a program that prints a key, its own file names, and what has no secret', async () => {
  const { passed, failed, output, secrets } = await judge(
    `const client = clientOf(); await put(client); await put(client, 'x.test.mjs'); console.log(KEY); error({ message: 'no' }); await client.close();`,
  );
  assert.equal([passed, failed], [1, 0], output);
  assert.ok((secrets.looked['errors'] ?? 0) >= 2);
  assert.equal(secrets.hits, []);
});

test('is in every test file, or the file fails', async () => {
  const { failed, output } = await judge(
    `delete process.env.ETCDTS_SECRETS_REPORT; process.removeAllListeners('exit');`,
  );
  assert.ok(failed > 0, output);
});

test('a run is told what was looked at, and in which places nothing was', () => {
  const sum = noFindings();
  assert.equal(unseen(sum), ['errors', 'log lines', 'labels', 'descriptions']);
  const looked = { errors: 1, 'log lines': 2, labels: 0, descriptions: 4, output: 5 };
  for (const hits of [[], ['a hit']]) addFindings(sum, { looked, secrets: 6, hits });
  assert.equal(unseen(sum), ['labels']);
  const said = '2 errors, 4 log lines, 0 labels, 8 descriptions looked at for 12 secrets, 1 hits';
  assert.is(sayFindings(sum), said);
});

test('a secret is found in each of its forms, and not by less than its beginning', () => {
  const secrets = new KnownSecrets();
  secrets.learn('data', 'customers/7');
  const bytes = Buffer.from('customers/7');
  const shown = [bytes.toString(), bytes.toString('hex'), JSON.stringify(bytes), [...bytes].join(', '), inspect(bytes)];
  for (const text of shown) assert.ok(secrets.find(`before ${text} after`), text);
  assert.not.ok(secrets.find('customers'));
  assert.not.ok(secrets.find('customers/7', ['credential']));
});

test('what is a number, an address or zeros is not taken for a secret', () => {
  const secrets = new KnownSecrets();
  for (const plain of ['1234567890', 'http://127.0.0.1:2379', '\0'.repeat(20), 'aaaaaaaaaaaa'])
    secrets.learn('data', plain);
  assert.is(secrets.size, 0);
});

test.run();
