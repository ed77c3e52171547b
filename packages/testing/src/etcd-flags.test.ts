import { isAtLeast } from './etcd-binary.ts';
import { toFlags } from './etcd-flags.ts';
import { sumMetric } from './etcd-metrics.ts';
import { assert, suite } from './index.ts';

const place = {
  name: 'member-1',
  dataDirectory: '/data',
  clientUrl: 'http://127.0.0.1:1',
  peerUrl: 'http://127.0.0.1:2',
  advertisedPeerUrl: 'http://127.0.0.1:2',
  metricsUrl: 'http://127.0.0.1:3',
  initialCluster: 'member-1=http://127.0.0.1:2',
  state: 'new',
  token: 'token',
} as const;

const test = suite('etcd-flags');

test('elects fast and spares the disk by default', () => {
  const flags = toFlags(place, {}, '3.5.16');
  for (const flag of ['--heartbeat-interval=20', '--election-timeout=200', '--unsafe-no-fsync=true'])
    assert.ok(flags.includes(flag), flag);
  const plain = toFlags(place, { timing: 'default' }, '3.4.3').join(' ');
  assert.not.match(plain, /election|fsync/);
});

test('names the progress interval as the version does', () => {
  const options = { progressNotifyIntervalMs: 100 };
  assert.ok(toFlags(place, options, '3.5.30').includes('--experimental-watch-progress-notify-interval=100ms'));
  assert.ok(toFlags(place, options, '3.6.0').includes('--watch-progress-notify-interval=100ms'));
});

test('puts extra flags last, where they win', () => {
  const flags = toFlags(place, { quotaBytes: 1, extraArgs: ['--quota-backend-bytes=2'] }, '3.7.1');
  assert.is(flags.at(-1), '--quota-backend-bytes=2');
});

test('compares versions by number', () => {
  assert.ok(isAtLeast('3.10.0', '3.9'));
  assert.ok(isAtLeast('3.6.0', '3.6'));
  assert.ok(isAtLeast('3.5.16', '3.5.16'));
  assert.not.ok(isAtLeast('3.5.9', '3.5.16'));
  assert.not.ok(isAtLeast('2.9', '3'));
  assert.ok(isAtLeast('3.6.0-rc.1', '3.6'));
});

test('adds up the series that have the labels', () => {
  const page = [
    '# HELP calls_total Calls.',
    'calls_total{method="Put",code="OK"} 2',
    'calls_total{method="Put",code="Unavailable"} 1',
    'calls_total{method="Get",note="a \\"b\\" }",code="OK"} 4',
    'calls_total_more 100',
    'size_bytes 1.5e+06',
  ].join('\n');
  assert.is(sumMetric(page, 'calls_total'), 7);
  assert.is(sumMetric(page, 'calls_total', { code: 'OK' }), 6);
  assert.is(sumMetric(page, 'calls_total', { method: 'Put', code: 'OK' }), 2);
  assert.is(sumMetric(page, 'size_bytes'), 1_500_000);
  assert.is(sumMetric(page, 'absent'), 0);
});

test.run();
