import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert, suite } from '@etcdts/testing';
import { root } from './documents.ts';

// The benchmark is a program, not a package: what it has built is imported from where it lies.
const from = async <M>(name: string): Promise<M> =>
  (await import(new URL(`../../bench/dist/${name}.js`, import.meta.url).href)) as M;

interface Goal {
  readonly row: string;
  readonly client: string;
  readonly base?: string;
  readonly metric: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}
type Samples = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
interface Results {
  readonly measured: readonly { readonly id: string; readonly samples: Samples }[];
}
interface Row {
  readonly id: string;
  readonly clients: readonly string[];
}

const { documentsOf, lastResults } = await from<{
  documentsOf(results: Results, run: string): ReadonlyMap<string, string>;
  lastResults(run: string): Results | undefined;
}>('documents');
const { check } = await from<{ check(results: Results, goals: readonly Goal[]): { readonly verdict: string }[] }>(
  'check',
);
const { goals } = await from<{ goals: readonly Goal[] }>('goals');
const { allSeries } = await from<{ allSeries: readonly Row[] }>('series');
const { copyRows } = await from<{ copyRows: Readonly<Record<string, readonly string[]>> }>('copies/rows');

const test = suite('the benchmark');

test('its documents, their tables and the picture are made from the results that it keeps', () => {
  for (const run of ['clients', 'nodes']) {
    const results = lastResults(run);
    if (results === undefined) continue;
    for (const [name, text] of documentsOf(results, run))
      assert.ok(readFileSync(join(root, name), 'utf8') === text, `${name}: npm run bench -- --documents`);
  }
  assert.ok(lastResults('clients') !== undefined);
});

test('each goal is of a row and of clients that are in it', () => {
  assert.ok(goals.length > 50);
  const copies = Object.entries(copyRows).map(([name, clients]): Row => ({ id: `copies/${name}`, clients }));
  for (const { row, client, base } of goals) {
    // The memory of leases is measured with their renewals.
    const series = [...allSeries, ...copies].find(({ id }) => id === row.replace('lease-memory', 'leases'));
    assert.ok(series, row);
    for (const one of [client, ...(base === undefined ? [] : [base])])
      assert.ok(series.clients.includes(one), `${one} in ${row}`);
  }
});

test('a goal holds by its median, is close if the better quartile reaches it, and is absent without its peer', () => {
  const results = (cpu: readonly number[]): Results => ({
    measured: [{ id: 'row', samples: { a: { cpu }, b: { cpu: [10, 10, 10, 10, 10] } } }],
  });
  const verdict = (cpu: readonly number[], bound: Partial<Goal>, base = 'b'): string | undefined =>
    check(results(cpu), [{ row: 'row', client: 'a', base, metric: 'cpu', ...bound }])[0]?.verdict;
  assert.is(verdict([1, 2, 5, 8, 9], { atMost: 0.5 }), 'holds');
  assert.is(verdict([1, 4, 6, 8, 9], { atMost: 0.5 }), 'close');
  assert.is(verdict([6, 6, 6, 8, 9], { atMost: 0.5 }), 'missed');
  assert.is(verdict([1, 2, 5, 8, 9], { atLeast: 0.5 }), 'holds');
  assert.is(verdict([1, 2, 4, 8, 9], { atLeast: 0.5 }), 'close');
  assert.is(verdict([1, 2, 4, 4, 9], { atLeast: 0.5 }), 'missed');
  assert.is(verdict([1], { atMost: 0.5 }, 'c'), 'absent');
});

test.run();
