import { assert, suite } from '@etcdts/testing';
import { lines, migrated } from './snippet.test.kit.ts';

const test = suite('migrate');

test('only what is of etcd3 is rewritten: no method of another object with the same name', () => {
  const own = [
    'const map = new Map<string, string>();',
    "await map.get('a');",
    "map.delete('a');",
    'const other = { put: (key: string) => ({ value: (text: string) => key + text }) };',
    "await other.put('a').value('b');",
  ];
  assert.equal(lines([...own, "await client.put('a').value('b');"].join('\n')), [
    ...own,
    "await client.kv.put('a', 'b');",
  ]);
});

test('a client is followed through fields, parameters, namespaces, files, and untyped functions', () => {
  const after = migrated({
    'open.js': `const { Etcd3 } = require('etcd3');\nexports.open = () => new Etcd3();\n`,
    'use.js': `const { open } = require('./open');\nclass Store {\n  constructor(etcd) {\n    this.etcd = etcd;\n  }\n  read(key) {\n    return this.etcd.get(key).string();\n  }\n}\nnew Store(open().namespace('a/'));\nlet late;\nlate = open();\nasync function clear() {\n  await late.delete().all();\n}\n`,
  });
  assert.match(after['use.js'] as string, /return this\.etcd\.kv\.get\(key\)\.then/);
  assert.match(after['use.js'] as string, /new Store\(withNamespace\(open\(\), 'a\/'\)\);/);
  assert.match(after['use.js'] as string, /await late\.kv\.delete\('', \{ prefix: true \}\);/);
  assert.match(
    after['use.js'] as string,
    /^const \{ open \} = require\('\.\/open'\);\nconst \{ withNamespace \} = require\(/,
  );
});

test('a file without etcd3 stays as it is, and so does what was migrated', () => {
  const text = `import { createClient } from '@etcdts/core';\nconst client = createClient({ endpoints: 'a' });\nawait client.kv.get('a');\n`;
  assert.is(migrated({ 'a.ts': text })['a.ts'], text);
  const first = migrated({ 'a.ts': `import { Etcd3 } from 'etcd3';\nnew Etcd3().lock('a').do(() => {});\n` })[
    'a.ts'
  ] as string;
  assert.match(first, /TODO/);
  assert.is(migrated({ 'a.ts': first })['a.ts'], first);
});

test('a comment that is there is not left again, also if etcd3 is still imported', () => {
  const text = `import { LeaseState } from 'etcd3';\nconsole.log(LeaseState.Alive);\n`;
  const first = migrated({ 'a.ts': text })['a.ts'] as string;
  assert.match(
    first,
    /^import \{ LeaseState \} from 'etcd3';\n\/\/ TODO\(etcdts\): LeaseState: [^\n]*#leases\nconsole\.log/,
  );
  assert.is(migrated({ 'a.ts': first })['a.ts'], first);
});

test('comments and layout stay, ends of lines and the byte order mark too', () => {
  assert.equal(lines("const value = await client // the client\n  .get('a') /* the key */\n  .string(); // done"), [
    "const value = /* the client */ /* the key */ (await client.kv.get('a')).kvs[0]?.text() ?? null; // done",
  ]);
  const text = `\uFEFF// First\r\nimport { Etcd3 } from "etcd3";\r\n\r\nexport const a  =  [1,2] // odd\r\nexport const client = new Etcd3()\r\nclient.mock({})\r\n`;
  assert.is(
    migrated({ 'a.ts': text })['a.ts'],
    `\uFEFF// First\r\nimport { createClient } from "@etcdts/core";\r\n\r\nexport const a  =  [1,2] // odd\r\nexport const client = createClient({ endpoints: '127.0.0.1:2379' })\r\n// TODO(etcdts): mock(): it has no counterpart. https://github.com/etcdts/etcdts/blob/main/docs/migrating-from-etcd3.md#the-client\r\nclient.mock({})\r\n`,
  );
});

test('a name that the file has is not imported over it', () => {
  const [first, , third] = lines(
    "const op = 1;\nconst keyMissing = op;\nawait client.if('a', 'Create', '==', 0).then(client.put('b').value('')).commit();",
  );
  assert.is(first, 'const op = 1;');
  assert.is(third, "await client.kv.txn({ if: [etcdKeyMissing('a')], then: [etcdOp.put('b', '')] });");
});

test('what the compiler cannot read is left, with the line', () => {
  assert.throws(() => migrated({ 'a.ts': "import { Etcd3 } from 'etcd3';\nconst = 1;\n" }), /line 2: /);
});

test('JavaScript has its types in comments', () => {
  const after = migrated({
    'a.js': `/** @param {import('etcd3').Etcd3} client */\nexports.read = (client) => client.get('a').exists();\n`,
  });
  assert.is(
    after['a.js'],
    `/** @param {import('@etcdts/core').EtcdClient} client */\nexports.read = (client) => client.kv.get('a', { countOnly: true }).then((response) => response.count > 0);\n`,
  );
});

test.run();
