import { assert, rejects, suite } from '@etcdts/testing';
import { Registry } from 'prom-client';
import { copyMetrics, type CountedCopy } from './copies.ts';

const test = suite('metrics of copies');

/** A copy whose numbers the test sets. */
function fake(entries: number): CountedCopy & { numbers: ReturnType<CountedCopy['stats']> } {
  const copy = {
    numbers: { ready: true, ended: false, entries, restarts: 0, lag: 0n },
    stats: () => copy.numbers,
  };
  return copy;
}

async function values(registry: Registry): Promise<string[]> {
  const text = await registry.metrics();
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

test('each copy is counted under its name, as it is when the registry is read', async () => {
  const registry = new Registry();
  const [config, services] = [fake(3), fake(5)];
  copyMetrics({ config }, { registry });
  copyMetrics({ services, config }, { registry });
  config.numbers = { ready: false, ended: false, entries: 4, restarts: 2, lag: 7n };
  assert.equal((await values(registry)).toSorted(), [
    'etcdts_copies 2',
    'etcdts_copy_entries{copy="config"} 4',
    'etcdts_copy_entries{copy="services"} 5',
    'etcdts_copy_lag_revisions{copy="config"} 7',
    'etcdts_copy_lag_revisions{copy="services"} 0',
    'etcdts_copy_ready{copy="config"} 0',
    'etcdts_copy_ready{copy="services"} 1',
    'etcdts_copy_restarts_total{copy="config"} 2',
    'etcdts_copy_restarts_total{copy="services"} 0',
  ]);
  config.numbers = { ...config.numbers, restarts: 3 };
  assert.ok((await values(registry)).includes('etcdts_copy_restarts_total{copy="config"} 3'));
});

test('a copy that has ended is counted no more, except its restarts; its name is free', async () => {
  const registry = new Registry();
  const first = fake(3);
  copyMetrics({ config: first }, { registry });
  first.numbers = { ...first.numbers, restarts: 2 };
  await values(registry);
  first.numbers = { ...first.numbers, ended: true, restarts: 3 };
  const second = fake(1);
  await values(registry);
  assert.equal(await values(registry), ['etcdts_copies 0', 'etcdts_copy_restarts_total{copy="config"} 3']);
  copyMetrics({ config: second }, { registry });
  second.numbers = { ...second.numbers, restarts: 1 };
  const read = await values(registry);
  assert.ok(read.includes('etcdts_copies 1') && read.includes('etcdts_copy_restarts_total{copy="config"} 4'));
});

test('bad arguments are refused by name', async () => {
  const registry = new Registry();
  copyMetrics({ config: fake(1) }, { registry });
  await rejects(async () => copyMetrics({ config: fake(1) }, { registry }), { argument: 'copies.config' });
  await rejects(async () => copyMetrics({ config: {} as never }, { registry }), { argument: 'copies.config' });
  await rejects(async () => copyMetrics(undefined as never, { registry }), { argument: 'copies' });
  await rejects(async () => copyMetrics({}, {} as never), { argument: 'registry' });
  await rejects(async () => copyMetrics({}, { registry, label: 'x' } as never), { argument: 'label' });
});

test.run();
