// limit: 400 s
// not about the server
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { assert, suite } from '@etcdts/testing';
import { root } from '../documents.ts';
import { run, type Ending } from '../program.ts';
import { cli } from './snippet-programs.ts';

const test = suite('migrate: command', { timeoutMs: 120_000 });
const OLD = "import { Etcd3 } from 'etcd3';\nawait new Etcd3().put('a').value('b');\n";
const NEW = /^import \{ createClient \} from '@etcdts\/core';\nawait createClient\(.*\)\.kv\.put\('a', 'b'\);\n$/;
let folder: string;

test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'etcdts-migrate-'));
});
test.after.each(() => rmSync(folder, { recursive: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
const command = async (...args: readonly string[]): Promise<Ending> =>
  await run([cli, ...args], { limitMs: 60_000, cwd: folder });

test('rewrites every kind of source file, and prints what it did', async () => {
  const names = ['a.ts', 'b.tsx', 'c.mts', 'deep/er/d.cts', 'e.js', 'f.mjs', 'g.jsx'];
  write({ ...Object.fromEntries(names.map((name) => [`src/${name}`, OLD])), 'src/h.cjs': "require('etcd3');\n" });
  const others = ['src/node_modules/x/i.js', 'src/.hidden/j.js', 'src/k.d.ts', 'src/l.json', 'other/m.ts'];
  write(Object.fromEntries(others.map((name) => [name, OLD])));
  write({
    'src/n.ts':
      "import { Etcd3 } from 'etcd3';\nexport const locked = (client: Etcd3) => client.lock('a').acquire();\n",
  });
  const { code, stdout, stderr } = await command('src');
  assert.is(code, 0, stderr);
  for (const name of names) assert.match(read(`src/${name}`), NEW, name);
  for (const name of others) assert.is(read(name), OLD, name);
  assert.is(stderr, '');
  const lines = stdout.trimEnd().split('\n');
  assert.is(lines[0], '9 files read, 9 rewritten');
  assert.is(lines[1], 'rewritten: 7 new Etcd3, 7 put, 1 types');
  assert.is(lines[2], 'comments left: 2');
  assert.match(lines[3] as string, /^ {2}src\/h\.cjs:1: this is about the package etcd3$/);
  assert.match(lines[4] as string, /^ {2}src\/n\.ts:2: lock\(\)\.acquire\(\): a lock becomes mutex/);
  assert.match(lines[5] as string, /^next: npm install @etcdts\/core, /);
  assert.is(lines.length, 6);

  const again = await command('src');
  assert.match(again.stdout, /^9 files read, 0 rewritten\ncomments left: 0\n$/);
});

test('--dry-run writes nothing, and prints a diff', async () => {
  write({ 'a.ts': OLD });
  const { code, stdout } = await command('--dry-run', 'a.ts');
  assert.is(code, 0);
  assert.is(read('a.ts'), OLD);
  assert.match(stdout, /^--- a\.ts/m);
  assert.match(stdout, /^-import \{ Etcd3 \} from 'etcd3';\n/m);
  assert.match(stdout, /^\+import \{ createClient \} from '@etcdts\/core';\n/m);
  assert.match(stdout, /^1 file read, 1 would be rewritten$/m);
});

test('a git work tree with uncommitted changes is refused, unless --force or --dry-run', async () => {
  write({ 'src/a.ts': OLD });
  const git = (...args: string[]): unknown => execFileSync('git', args, { cwd: folder, stdio: 'pipe' });
  git('init');
  const refused = await command('src');
  assert.is(refused.code, 2);
  assert.match(
    refused.stderr,
    /^etcdts-migrate: src is in a git work tree with uncommitted changes \(src\/\): .*--force\n$/,
  );
  assert.is(read('src/a.ts'), OLD);
  assert.is((await command('--dry-run', 'src')).code, 0);
  git('add', '.');
  git('-c', 'user.name=a', '-c', 'user.email=a@example.org', 'commit', '-m', 'a');
  assert.is((await command('src')).code, 0);
  assert.match(read('src/a.ts'), NEW);
  write({ 'src/a.ts': `${OLD}// again\n` });
  assert.is((await command('src/a.ts')).code, 2);
  assert.is((await command('--force', 'src')).code, 0);
  assert.match(read('src/a.ts'), /createClient/);
});

test('what it cannot begin ends it with exit code 2, by name', async () => {
  write({ 'a.txt': OLD });
  for (const [args, message] of [
    [[], /^etcdts-migrate: no file or folder is given\n\n.*--dry-run/s],
    [['--nonsense', 'src'], /^etcdts-migrate: unknown flag: --nonsense\n\n.*--dry-run/s],
    [['-x', 'src'], /^etcdts-migrate: unknown flag: -x\n/],
    [['--dry-run=yes', 'src'], /^etcdts-migrate: .*--dry-run/],
    [['missing'], /^etcdts-migrate: missing: there is no such file or folder\n$/],
    [['.', 'gone/away'], /^etcdts-migrate: gone\/away: there is no such file or folder\n$/],
    [['a.txt'], /^etcdts-migrate: a\.txt: this is no source file of TypeScript or JavaScript\n$/],
  ] as const) {
    const { code, stdout, stderr } = await command(...args);
    assert.is(code, 2, args.join(' '));
    assert.match(stderr, message);
    assert.is(stdout, '');
  }
  const help = await command('--help');
  assert.is(help.code, 0);
  assert.match(help.stdout, /Exit codes: 0 /);
});

test('files that cannot be read are listed, and the others are done', async () => {
  write({ 'a.ts': OLD, 'b.ts': "import { Etcd3 } from 'etcd3';\nconst = 5;\n", 'c.ts': OLD });
  chmodSync(join(folder, 'c.ts'), 0o400);
  const { code, stdout } = await command('.');
  assert.is(code, 1);
  assert.match(read('a.ts'), NEW);
  assert.match(stdout, /^could not be read or written: [12]\n {2}b\.ts: line 2: /m);
  // root may write it nevertheless.
  if (process.getuid?.() !== 0) assert.match(stdout, /^ {2}c\.ts: EACCES/m);
});

test('the example of the README is what the command makes', async () => {
  const readme = readFileSync(join(root, 'packages/migrate/README.md'), 'utf8');
  const diff = (/^```diff\n(.*?)^```/ms.exec(readme)?.[1] ?? '').split('\n');
  const side = (sign: string): string =>
    diff.flatMap((line) => (line === '' || line.startsWith(sign) ? line.slice(1) : [])).join('\n');
  write({ 'a.mts': side('-') });
  assert.is((await command('a.mts')).code, 0);
  assert.is(read('a.mts'), side('+'));
});

test('every link of a comment leads to a section of the page', async () => {
  const page = readFileSync(join(root, 'docs/migrating-from-etcd3.md'), 'utf8');
  const slugs = [...page.matchAll(/^## (.*)$/gm)].map(([, title = '']) => title.toLowerCase().replaceAll(' ', '-'));
  const source = readFileSync(join(root, 'packages/migrate/src/page.ts'), 'utf8');
  const sections = [...source.matchAll(/^ {2}\| '(.*)'/gm)].map(([, section]) => section as string);
  assert.ok(sections.length > 5);
  for (const section of sections) assert.ok(slugs.includes(section), section);
  const { repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly repository: string;
  };
  assert.ok(source.includes(`'${repository}/blob/main/docs/migrating-from-etcd3.md'`), repository);
});

test.run();
