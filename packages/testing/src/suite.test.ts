import { spawn } from 'node:child_process';
import { assert, suite } from './index.ts';

const entry = new URL('./index.js', import.meta.url).href;

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a test file made of `body` in a process of its own, as `node x.test.js` would. */
async function run(body: string, env: Record<string, string> = {}): Promise<Ended> {
  const source = `import { suite, assert } from ${JSON.stringify(entry)};\nconst test = suite('hazard');\n${body}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    env: { ...process.env, TEST_NAME: '', ETCDTS_TEST_REPORT_FD: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output };
}

const test = suite('suite', { timeoutMs: 20_000 });

const good = `test('passes', () => {});`;
const hazards: Record<string, [body: string, said: RegExp]> = {
  'a failing assertion': [`test('x', () => assert.equal({ a: 1n }, { a: 2n })); test.run();`, /deeply equal/],
  'a throwing before hook': [`test.before(() => { throw 1 }); ${good} test.run();`, /before hook: threw 1/],
  'a throwing after hook': [`test.after(() => { throw new Error('late') }); ${good} test.run();`, /after hook: .*late/],
  'a throwing before.each hook': [`test.before.each(() => { throw null }); ${good} test.run();`, /threw null/],
  'a throwing after.each hook': [`test.after.each(() => { throw 'no' }); ${good} test.run();`, /threw 'no'/],
  'a hanging hook': [
    `const late = suite('late', { hookTimeoutMs: 50 }); late.before(() => new Promise(() => {})); late('x', () => {});
     late.run(); ${good} test.run();`,
    /before hook: .*longer than 50 ms/,
  ],
  'a thrown string': [`test('x', () => { throw 'text' }); ${good} test.run();`, /threw 'text'/],
  'a rejection with undefined': [`test('x', () => Promise.reject()); ${good} test.run();`, /threw undefined/],
  'an error that defeats the printer': [
    `test('x', () => { throw Object.assign(new Error('odd'), { stack: undefined, details: 7, name: 3 }) }); test.run();`,
    /odd/,
  ],
  'a forgotten run': [good, /never run/],
  'a second suite that is never run': [`${good} test.run(); suite('second')('x', () => {});`, /"second" was never run/],
  'a test past its deadline': [`test('x', () => new Promise(() => {}), { timeoutMs: 50 }); test.run();`, /50 ms/],
  'an unhandled rejection': [`test('x', () => { Promise.reject(new Error('lost')) }); test.run();`, /lost/],
  'an unhandled rejection that is not the cause': [
    `test('x', async () => { Promise.reject(new Error('lost')); await new Promise(setImmediate); throw new Error('cause') });
     test.run();`,
    /cause[^]*and unhandled rejection: Error: lost/,
  ],
  'an exception that nobody caught': [
    `test('x', () => new Promise(() => { setTimeout(() => { throw new Error('loose') }, 5) })); test.run();`,
    /loose/,
  ],
  'an exception between tests': [`${good} test.run(); throw new Error('top level');`, /top level/],
  'an early exit': [`test('x', () => process.exit(0)); test.run();`, /in the middle of a test/],
  'a leaked timer': [`test('x', () => { setInterval(() => {}, 1000) }); test.run();`, /left open.*Timeout/],
  'a leaked server': [
    `import net from 'node:net'; test('x', () => { net.createServer().listen(0, '127.0.0.1') }); test.run();`,
    /left open.*TCPServerWrap/,
  ],
  'a leaked child process': [
    `import { spawn } from 'node:child_process';
     test('x', () => { const child = spawn('sleep', ['5']); process.on('exit', () => child.kill()) }); test.run();`,
    /left open.*ProcessWrap/,
  ],
  'a skip without a reason': [`test.skip('x'); ${good} test.run();`, /give the reason/],
};

for (const [name, [body, said]] of Object.entries(hazards)) {
  test(`fails on ${name}`, async () => {
    const { code, output } = await run(body);
    assert.is(code, 1, output);
    assert.ok(said.test(output), output);
    assert.not.match(output, /Failed: {4}0/);
  });
}

test('a program without a suite is left alone', async () => {
  const child = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    `await import(${JSON.stringify(entry)}); throw 1`,
  ]);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  assert.equal([code, output], [1, '']);
});

test('passes, counts skips and exits by itself', async () => {
  const { code, output } = await run(
    `${good} test.skip('y', 'no reason'); test('z', ({ skip }) => skip('needs 3.7')); test.run();`,
  );
  assert.is(code, 0, output);
  assert.match(output, /Passed: {4}1\n.*Failed: {4}0\n.*Skipped: {3}2/);
  assert.match(output, /hazard: z: needs 3.7/);
});

test('runs hooks around each test and gives it a signal that aborts at its end', async () => {
  const { code, output } = await run(`
    const log = []; let kept;
    test.before(() => log.push('before')); test.after(() => log.push('after'));
    test.before.each(() => log.push('each')); test.after.each(() => log.push('/each'));
    test('a', ({ signal }) => { kept = signal; log.push('a') });
    test('b', () => { log.push('b ' + kept.aborted) }); test.run();
    process.on('exit', () => console.log(log.join(',')));`);
  assert.is(code, 0, output);
  assert.match(output, /before,each,a,\/each,each,b true,\/each,after/);
});

test('runs a suite whose run comes after the others have ended', async () => {
  const { code, output } = await run(
    `${good} test.run(); await new Promise((r) => setTimeout(r, 50)); const b = suite('b'); b('y', () => {}); b.run();`,
  );
  assert.is(code, 0, output);
  assert.match(output, /Passed: {4}2/);
});

test('runs only the tests that TEST_NAME matches', async () => {
  const { code, output } = await run(`${good} test('breaks', () => { throw 1 }); test.run();`, { TEST_NAME: 'd pass' });
  assert.is(code, 0, output);
  assert.match(output, /Total: {5}1\n/);
});

test('accepts leaks if a suite gives a reason', async () => {
  const { code, output } = await run(
    `suite('leaky', { allowLeaks: 'on purpose' }).run(); ${good} test.run(); setInterval(() => {}, 1000);`,
  );
  assert.is(code, 0, output);
});

test.run();
