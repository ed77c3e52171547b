import { assert, suite } from '@etcdts/testing';
import { lines } from './snippet.test.kit.ts';

const test = suite('migrate: rules');

/** What becomes of a line. */
const of = (line: string): string => lines(line).join('\n');

test('a value is text: numbers are written as such, others as they are', () => {
  assert.is(of("await client.put('a').value(1);"), "await client.kv.put('a', '1');");
  assert.is(of("await client.put('a').value(Math.random());"), "await client.kv.put('a', String(Math.random()));");
  assert.is(of("await client.put('a').value(JSON.parse(''));"), "await client.kv.put('a', JSON.parse(''));");
  assert.is(
    lines("const v = client as unknown as number | Buffer;\nawait client.put('a').value(v);")[1],
    "await client.kv.put('a', typeof v === 'number' ? String(v) : v);",
  );
});

test('an awaited answer stands in parentheses only where it must', () => {
  const text = "(await client.kv.get('a')).kvs[0]?.text() ?? null";
  assert.is(of("const a = await client.get('a').string();"), `const a = ${text};`);
  assert.is(of("console.log(await client.get('a'));"), `console.log(${text});`);
  assert.is(of("if (await client.get('a').string() === 'b') {}"), `if ((${text}) === 'b') {}`);
  assert.is(
    of("if (!(await client.get('a').exists())) {}"),
    "if (!((await client.kv.get('a', { countOnly: true })).count > 0)) {}",
  );
  assert.is(
    of('const n = await client.getAll().count() + 1;'),
    "const n = (await client.kv.get('', { prefix: true, countOnly: true })).count + 1;",
  );
});

test('null is left out where there is a default', () => {
  assert.is(
    of("const a = (await client.get('a').string()) ?? 'b';"),
    "const a = ((await client.kv.get('a')).kvs[0]?.text()) ?? 'b';",
  );
  assert.is(
    of("const a = await client.get('a').string() || 'b';"),
    "const a = (await client.kv.get('a')).kvs[0]?.text() || 'b';",
  );
});

test('a promise stays one', () => {
  assert.is(
    of("const list = ['a'].map((key) => client.get(key).buffer());"),
    "const list = ['a'].map((key) => client.kv.get(key).then((response) => response.kvs[0]?.value ?? null));",
  );
  assert.is(
    of("await Promise.all(['a'].map((key) => client.put(key).value('b')));"),
    "await Promise.all(['a'].map((key) => client.kv.put(key, 'b')));",
  );
  assert.is(of("client.put('a').value('b').then(() => 1);"), "client.kv.put('a', 'b').then(() => 1);");
});

test('a builder that nothing awaits stays, since a call would send', () => {
  for (const line of [
    "client.put('a').value('b');",
    'const all = client.getAll();',
    "const ops = ['a'].map((key) => client.put(key).value('b'));",
  ]) {
    const [comment, left] = lines(line);
    assert.match(comment as string, /sends it when it is awaited.* #keys$/);
    assert.is(left, line);
  }
});

test('options of calls, ranges and orders', () => {
  assert.is(
    of(
      "await client.getAll().inRange({ start: 'a', end: 'b' }).sort('Create', 'Descend').limit(3).revision('12').exec();",
    ),
    "await client.kv.get('a', { rangeEnd: 'b', sort: { by: 'createRevision', order: 'descend' }, limit: 3, revision: 12n });",
  );
  assert.is(
    of("await client.get('a').options({ deadline: Date.now() + 500 }).exec();"),
    "await client.kv.get('a', { timeoutMs: 500 });",
  );
  assert.match(
    lines("await client.getAll().sort(name as 'Key', 'Ascend').keys();")[0] as string,
    /sort takes \{ by, order \}/,
  );
});

test('the options of a client, with their layout', () => {
  const head = "import { Etcd3 } from 'etcd3';\ndeclare const ca: Buffer;\n";
  assert.equal(
    lines(
      "const client = new Etcd3({\n  // where\n  hosts: 'https://a:2379',\n  credentials: { rootCertificate: ca },\n  auth: { username: 'u', password: 'sentinel-p' },\n  grpcOptions: { x: 1 },\n  dialTimeout: 5\n});",
      head,
    ),
    [
      '// TODO(etcdts): grpcOptions: { x: 1 } becomes keepalive, maxSendBytes, maxReceiveBytes. #the-client',
      'const client = createClient({',
      '  // where',
      "  endpoints: 'https://a:2379',",
      '  tls: { ca },',
      "  interceptors: [auth({ username: 'u', password: 'sentinel-p' })],",
      '  connectTimeoutMs: 5',
      '});',
    ],
  );
  assert.is(lines('const one = new Etcd3();', head)[0], "const one = createClient({ endpoints: '127.0.0.1:2379' });");
  assert.is(
    lines('const one = new Etcd3({ dialTimeout: 5 });', head)[0],
    "const one = createClient({ endpoints: '127.0.0.1:2379', connectTimeoutMs: 5 });",
  );
  const plain = lines(
    "const one = new Etcd3({ hosts: 'http://etcd:2379', auth: { username: 'u', password: 'sentinel-p' } });",
    head,
  );
  assert.match(plain[0] as string, /allowInsecure/);
});

test('transactions in memory keep their options', () => {
  const head = "import { Etcd3, Isolation } from 'etcd3';\ndeclare const client: Etcd3;\n";
  assert.is(
    lines(
      "await client.stm({ isolation: Isolation.ReadCommitted, retries: 3, prefetch: ['a'] }).transact((tx) => tx.get('a').json());",
      head,
    )[0],
    "await transact(client, async (tx) => tx.get('a').then((response) => response?.json() ?? null), { isolation: 'read-committed', maxAttempts: 4, prefetch: ['a'] });",
  );
});

test('a lease of an async function becomes an id, and one that is used otherwise stays', () => {
  assert.equal(
    lines(
      "async function a() {\n  const lease = client.lease(5);\n  await lease.grant();\n  await lease.put('a').value('b');\n}",
    ),
    [
      'async function a() {',
      '  const { id: leaseId } = await client.lease.grant(5);',
      '  client.lease.keepAlive(leaseId);',
      "  await client.kv.put('a', 'b', { lease: leaseId });",
      '}',
    ],
  );
  for (const body of [
    'function a() {\n  const lease = client.lease(5);\n}',
    'async function a() {\n  const lease = client.lease(5);\n  return lease;\n}',
  ])
    assert.ok(
      lines(body).some((line) => line.includes('TODO(etcdts): lease(): ')),
      body,
    );
});

test('handlers of a watch become one loop, or stay with a comment', () => {
  assert.equal(
    lines(
      "const w = await client.watch().prefix('a').create();\nw.on('put', (kv) => console.log(kv.key)).on('delete', (kv) => console.log(kv));\nw.on('error', console.error);",
    ),
    [
      "const w = client.watch('a', { prefix: true });",
      'await w.created;',
      'void (async () => {',
      '  for await (const { type, kv } of w.events()) {',
      "    if (type === 'put') console.log(kv.key);",
      "    if (type === 'delete') console.log(kv);",
      '  }',
      '})().catch(console.error);',
    ],
  );
  assert.match(
    lines(
      "const w = await client.watch().key('a').create();\nw.on('put', console.log);\nconsole.log(1);\nw.on('delete', console.log);",
    )[2] as string,
    /one reader.* #watches$/,
  );
});

test('names of errors become codes', () => {
  const head =
    "import { Etcd3, STMConflictError, GRPCNotFoundError, EtcdLockFailedError } from 'etcd3';\ndeclare const client: Etcd3, e: unknown;\n";
  const [first, second, comment, third] = lines(
    'const a = e instanceof STMConflictError;\nconst b = e instanceof GRPCNotFoundError;\nconst c = e instanceof EtcdLockFailedError;',
    head,
  );
  assert.is(first, "const a = isEtcdError(e, 'TRANSACTION_CONFLICT');");
  assert.is(second, 'const b = (isEtcdError(e) && e.grpcCode === 5);');
  assert.match(comment as string, /#locks$/);
  assert.is(third, 'const c = e instanceof EtcdLockFailedError;');
});

test('members of answers have their names here, with a comment where a string is none any more', () => {
  assert.equal(
    lines(
      'const { kvs, count: total } = await client.getAll().exec();\nfor (const kv of kvs) console.log(kv.value, Number(kv.mod_revision), kv.create_revision);',
    ),
    [
      '// TODO(etcdts): count is a number here, and a string in etcd3. #keys',
      "const { kvs, count: total } = await client.kv.get('', { prefix: true });",
      '// TODO(etcdts): createRevision is a bigint here, and a string in etcd3. #keys',
      'for (const kv of kvs) console.log(kv.value, Number(kv.modRevision), kv.createRevision);',
    ],
  );
});

test('the package itself is noticed where it is loaded, and nothing is said of other strings and of buffers', () => {
  assert.match(
    lines("declare const jest: any;\njest.mock('etcd3');").join('\n'),
    /about the package etcd3.* #the-client\njest/,
  );
  const text = "console.log((await client.get('a').buffer())?.toString(), 'etcd3', [].indexOf('etcd3' as never));";
  assert.equal(lines(text).length, 1);
});

test('what looks like a call of etcd3 has a comment if its type is not known', () => {
  for (const line of [
    "await (globalThis as any).etcd.put('a').value('b');",
    "declare const db: any; db.getAll().prefix('a');",
  ])
    assert.match(lines(line).join('\n'), /looks like a call of etcd3.* #with-a-command\n/);
  assert.equal(lines("(globalThis as any).http.get('a').json();"), ["(globalThis as any).http.get('a').json();"]);
});

test('what has no counterpart has a comment with the section that is about it', () => {
  for (const [line, section] of [
    ["await client.lock('a').do(() => {});", 'locks'],
    ["client.election('a').campaign('b');", 'elections'],
    ['client.mock({});', 'the-client'],
    ['await client.cluster.memberList({});', 'the-client'],
    ["client.watch().key('a').watcher();", 'watches'],
    ["await client.if('a', 'Value' as 'Mod', '==', 1).commit();", 'transactions'],
    ["await client?.get('a').string();", 'keys'],
  ] as const) {
    const [comment, left] = lines(line);
    assert.ok(comment?.startsWith('// TODO(etcdts): ') && comment.endsWith(` #${section}`), `${comment}`);
    assert.is(left, line);
  }
});

test.run();
