// npm run bench: measures every client side by side in one run.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type EtcdServer, startEtcd } from '@etcdts/testing';
import { check, verdictLine } from './check.ts';
import { deal, warmUp } from './dealer.ts';
import { type Flags, parseFlags, usage } from './flags.ts';
import { FakeServer, Worker } from './process.ts';
import { report } from './report.ts';
import type { Facts, Measured, Results } from './results.ts';
import type { Series } from './series.ts';
import { measureStartup } from './startup.ts';
import { absoluteTable, ratioTable } from './tables.ts';
import { terminal } from './text.ts';
import type { Operation } from './workload.ts';

/** The number of concurrent puts of the process that writes for watches. */
const WRITER_CONCURRENCY = 16;

/** The servers and the process that writes to the real one. */
interface Stage {
  readonly fake: FakeServer;
  readonly etcd: EtcdServer | undefined;
  readonly writer: Worker | undefined;
}

async function setStage(flags: Flags): Promise<Stage> {
  const fake = await FakeServer.start();
  if (!flags.series.some(({ server }) => server === 'etcd')) return { fake, etcd: undefined, writer: undefined };
  const etcd = await startEtcd();
  const writer = new Worker('grpc-js');
  await writer.open(etcd.endpoint, 'put');
  await writer.seed();
  return { fake, etcd, writer };
}

async function measure(series: Series, workers: readonly Worker[], stage: Stage, flags: Flags): Promise<Measured> {
  const { fake, etcd, writer } = stage;
  const { operation } = series;
  if (series.server === 'etcd') {
    const write = (millis: number): Promise<unknown> | undefined =>
      writer?.slice({ operation: 'put', concurrency: WRITER_CONCURRENCY, millis });
    const beside = operation === 'watch' ? async (millis: number) => write(millis) : undefined;
    const rounds = await deal(series, workers, etcd?.endpoint ?? '', flags, beside);
    return { series, rounds, fakeMicros: undefined };
  }
  const before = await fake.cpuMicros();
  const rounds = await deal(series, workers, fakeAddress(fake, operation), flags);
  const slices = [...rounds.values()].flat();
  const operations = slices.reduce((sum, slice) => sum + slice.operations, 0);
  // The server's time includes warm-up slices and the operations do not, so that this is an upper bound.
  return { series, rounds, fakeMicros: ((await fake.cpuMicros()) - before) / operations };
}

function fakeAddress(fake: FakeServer, operation: Operation): string {
  if (operation === 'watches') throw new Error('the fake server floods every watch: register them on etcd');
  return fake.addresses[operation];
}

function libraryVersions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  const names = ['@grpc/grpc-js', '@grpc/proto-loader', 'etcd3'];
  return Object.fromEntries(
    names.map((name) => [name, (require(`${name}/package.json`) as { readonly version: string }).version]),
  );
}

async function run(flags: Flags): Promise<Results> {
  const stage = await setStage(flags);
  const execArgv = flags.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${flags.profile}`];
  const workers = flags.clients.map((client) => new Worker(client, execArgv));
  const facts: Facts = {
    date: new Date().toISOString().slice(0, 10),
    command: 'npm run bench',
    node: process.versions.node,
    etcd: stage.etcd?.version,
    libraries: libraryVersions(),
    rounds: flags.rounds,
    sliceMillis: flags.sliceMillis,
  };
  try {
    const measured: Measured[] = [];
    if (flags.series.length > 0) await warmUp(workers, stage.fake.addresses.put, flags.warmOperations);
    for (const series of flags.series) {
      console.error(series.id);
      measured.push(await measure(series, workers, stage, flags));
    }
    if (flags.startup) console.error('startup');
    const startups = flags.startup
      ? await measureStartup(flags.clients, stage.fake.addresses.get, flags.rounds)
      : undefined;
    const peakRssMiB = new Map(workers.map((worker) => [worker.client, worker.peakRssKiB / 1024]));
    return { facts, clients: flags.clients, measured, startups, peakRssMiB };
  } finally {
    await Promise.all([...workers, ...(stage.writer ? [stage.writer] : []), stage.fake].map((child) => child.end()));
    await stage.etcd?.close();
  }
}

const flags = parseFlags(process.argv.slice(2));
if (flags === undefined) {
  console.log(usage);
} else {
  const started = performance.now();
  const results = await run(flags);
  console.log(`\n${terminal(absoluteTable(results))}\n`);
  const ratios = ratioTable(results);
  if (ratios !== undefined) console.log(`${terminal(ratios)}\n`);
  if (flags.check) {
    const verdicts = check(results, 'etcdts');
    for (const verdict of verdicts) console.log(verdictLine(verdict));
    if (flags.strict && verdicts.some(({ verdict }) => verdict === 'missed')) process.exitCode = 1;
  }
  if (flags.write) writeFileSync(fileURLToPath(new URL('../RESULTS.md', import.meta.url)), report(results));
  console.error(`${Math.round((performance.now() - started) / 1000)} s`);
}
