// limit: 300 s
import { createClient } from '@etcdts/core';
import { assert, isAtLeast, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { run } from '../program.ts';
import { printed } from './printed.ts';
import { isScript, open, programs, SnippetPrograms } from './snippet-programs.ts';

const test = suite('migrate: snippets', { timeoutMs: 60_000 });
let etcd: EtcdServer;
let snippets: SnippetPrograms;
let summary: string;

test.before(async () => {
  etcd = await startEtcd({ extraArgs: ['--bcrypt-cost=4'] });
  snippets = new SnippetPrograms('migrate-snippets');
  const { code, output } = await snippets.migrate('--force');
  assert.is(code, 0, output);
  summary = output;
});
test.after(async () => {
  await etcd?.close();
});

async function clear(): Promise<void> {
  await using client = createClient({ endpoints: etcd.endpoint });
  await client.kv.delete('', { prefix: true });
}

async function outputOf(side: 'before' | 'after', name: string): Promise<string> {
  await clear();
  const file = await snippets.build(side, name);
  if (!isScript(name)) return await printed(file, etcd.endpoint);
  const { code, output } = await run([file], {
    limitMs: 20_000,
    env: { ...process.env, ETCD_ENDPOINT: etcd.endpoint },
  });
  assert.is(code, 0, output);
  return output;
}

for (const name of programs) {
  test(`${name} prints the same with etcd3, and with etcdts after the migration`, async ({ skip }) => {
    if (name === 'get-all-from.ts' && isAtLeast(etcd.version, '3.7'))
      skip('to this etcd, the empty end that etcd3 sends is none, and the range is one key');
    const before = await outputOf('before', name);
    assert.not.match(before, /Error/);
    assert.ok(before.length > 3);
    assert.is(await outputOf('after', name), before);
    assert.not.match(snippets.read('after', name), /['"]etcd3['"]/);
  });
}

test('compiles before, and after it but for what has a comment', async () => {
  assert.equal(await snippets.errors('before'), []);
  for (const error of await snippets.errors('after')) {
    const [, name = '', line = ''] = /^(\S+):(\d+) /.exec(error) ?? [];
    assert.ok(open.includes(name), error);
    const above = snippets.read('after', name).split('\n').slice(0, Number(line)).reverse();
    // The statement of the error, or one around it, has the comment.
    assert.ok(
      above.slice(0, 6).some((one) => one.includes('// TODO(etcdts): ')),
      error,
    );
  }
});

test('what has no counterpart is left as it is, with a comment', () => {
  for (const name of open) {
    const after = snippets.read('after', name);
    assert.ok(after.includes('// TODO(etcdts): '), name);
    assert.ok(summary.includes(`${name}:`), name);
  }
  const left = (name: string): string[] => {
    const lines = snippets.read('after', `open/${name}.ts`).split('\n');
    return lines.flatMap((line, i) => (lines[i - 1]?.includes('TODO(etcdts)') ? line.trim() : []));
  };
  assert.equal(left('mock'), [
    'const mock = client.mock({ exec: async () => ({ kvs: [] }) as never });',
    'client.unmock();',
  ]);
  assert.equal(left('builders'), [
    'const query = client.getAll().prefix(prefix);',
    'if (limit !== undefined) query.limit(limit);',
    'return await query.keys();',
    'const puts = Object.entries(entries).map(([key, value]) => client.put(key).value(value));',
    'const { succeeded } = await client',
    "client.put('never').value('sent');",
  ]);
});

test('leaves everything as it is if it runs again', async () => {
  const { code, stdout } = await snippets.migrate('--force');
  assert.is(code, 0);
  assert.match(stdout, / 0 rewritten\n/);
  assert.ok(summary.length > 0);
});

test.run();
