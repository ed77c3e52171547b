import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createClient } from '@etcdts/core';
import { assert, suite } from '@etcdts/testing';
import { run } from '../program.ts';

const cli = fileURLToPath(new URL('../../../packages/embedded/dist/cli.js', import.meta.url));
// Each test starts processes.
const test = suite('embedded: command', { timeoutMs: 30_000 });

test('serves until a signal ends it', async () => {
  const child = spawn(process.execPath, [cli, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise<Buffer>((resolve) => child.stdout.once('data', resolve));
  const endpoint = / listens on (\S+)\n$/.exec(line.toString())?.[1];
  assert.ok(endpoint, line.toString());
  const client = createClient({ endpoints: endpoint });
  await client.kv.put('k', 'v');
  const watch = client.watch('k');
  await watch.created;
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  assert.is(await ended, 0);
  await client.close();
});

test('names what is wrong with its arguments', async () => {
  for (const [args, expected] of [
    [['--listen', 'nonsense'], /--listen is nonsense/],
    [['--listen', '0.0.0.0:0'], /not loopback/],
    [['--nonsense'], /--nonsense/],
  ] as const) {
    const { code, stderr } = await run([cli, ...args], { limitMs: 10_000 });
    assert.is(code, 1);
    assert.match(stderr, expected);
    assert.match(stderr, /--allow-remote/);
  }
});

test.run();
