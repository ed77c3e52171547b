// npm run test:faults [-- <part of a name>...]
// The programmes about faults that are too long for npm test, one after the other, with a table at the end. It takes about an hour.
import { spawnSync } from 'node:child_process';
import { obtainEtcd } from './etcd.mjs';

const test = (path, env, ...flags) => ({ args: [...flags, `test/dist/${path}`], env });

const programmes = {
  'chaos over grpc-js': { args: ['chaos/dist/run.js', '--minutes', '3', '--transport', 'grpc'] },
  'chaos over http2': { args: ['chaos/dist/run.js', '--minutes', '3', '--transport', 'http2'] },
  'chaos without authentication': { args: ['chaos/dist/run.js', '--minutes', '3', '--auth', 'off'] },
  mutants: { args: ['chaos/dist/mutants/run.js'] },
  'lost replies': test('retry-outcomes.test.js', { LOST_REPLIES: '10000' }),
  'hostile frames': test('http2/fuzz.test.js', { FUZZ_MESSAGES: '1000000' }),
  'an etcd that lies': {
    args: ['chaos/dist/hostile/hostile.test.js'],
    env: { HOSTILE_MESSAGES: '1000000' },
  },
  'bytes guided by coverage': { args: ['chaos/dist/fuzz/run.js', '--seconds', '60'] },
  'stalled readers': { args: ['--expose-gc', 'chaos/dist/soak/stalled.js'] },
  'locks, counted by a third process': test('concurrency/safety.test.js', { SAFETY_SECONDS: '120' }),
  'reads through copies': test('cache/linearizable.test.js', { CACHE_SECONDS: '60' }),
  'soak over grpc-js': { args: ['--expose-gc', 'chaos/dist/soak/run.js', '--minutes', '10'] },
  'soak over http2': { args: ['--expose-gc', 'chaos/dist/soak/run.js', '--minutes', '10', '--transport', 'http2'] },
};

const filters = process.argv.slice(2);
const chosen = Object.entries(programmes).filter(
  ([name]) => filters.length === 0 || filters.some((part) => name.includes(part)),
);
if (chosen.length === 0) throw new TypeError(`there are: ${Object.keys(programmes).join('; ')}`);

const etcd = await obtainEtcd();
console.log(`etcd ${etcd.version} (${etcd.origin})`);
const rows = [];
for (const [name, { args, env = {} }] of chosen) {
  console.log(`\n${name}: node ${args.join(' ')}`);
  const begun = performance.now();
  const { status } = spawnSync(process.execPath, args, {
    stdio: 'inherit',
    env: { ...process.env, ...env, ETCD_BIN: etcd.path },
  });
  rows.push({ name, status, minutes: (performance.now() - begun) / 60_000 });
}

console.log('');
for (const { name, status, minutes } of rows) {
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${minutes.toFixed(1).padStart(6)} min  ${name}`);
}
process.exitCode = rows.every(({ status }) => status === 0) ? 0 : 1;
