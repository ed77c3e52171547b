// npm run bench: measures every client side by side in one run.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { check, verdictLine } from './check.ts';
import type { Target } from './clients/subject.ts';
import { keepResults, writeDocuments } from './documents.ts';
import { type Flags, parseFlags, usage } from './flags.ts';
import { measure } from './measure.ts';
import { nodeGoals, onNode } from './nodes.ts';
import { type Entry, Pool } from './pool.ts';
import { measureCopies } from './copies/measure.ts';
import { Progress } from './progress.ts';
import { shareWords } from './report.ts';
import type { Facts, Measured, Results } from './results.ts';
import { type GoClient, Stage, goClient } from './stage.ts';
import { measureStartup } from './startup.ts';
import { copiesTable } from './copies/table.ts';
import { absoluteRows, absoluteTable, nodesTable, ratioTable } from './tables.ts';
import { terminal } from './text.ts';

function libraryVersions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  const names = ['@grpc/grpc-js', '@grpc/proto-loader', 'etcd3'];
  return Object.fromEntries(
    names.map((name) => [name, (require(`${name}/package.json`) as { readonly version: string }).version]),
  );
}

function entriesOf({ clients, node }: Flags): Entry[] {
  const own = clients.map((client): Entry => ({ client, node: process.execPath, label: client }));
  if (node === undefined) return own;
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().slice(1);
  return [...own, ...clients.map((client): Entry => ({ client, node, label: onNode(client, version) }))];
}

function fakeTarget(stage: Stage, operation: 'put' | 'get'): Target {
  const target = stage.target({ server: 'fake', operation });
  if (target === undefined) throw new Error(`the fake server has no port for ${operation}`);
  return target;
}

async function run(flags: Flags, go: GoClient): Promise<Results> {
  const clients = flags.clients.filter((client) => client !== 'go' || go.program !== undefined);
  const entries = entriesOf({ ...flags, clients });
  const wantsGo = flags.series.some((row) => row.clients.includes('go'));
  const missing = wantsGo && go.program === undefined ? [`Go's client: ${go.missing}`] : [];
  const stage = await Stage.set(flags.series, go);
  const pool = new Pool(entries, { go: go.program, profile: flags.profile });
  const facts: Facts = {
    date: new Date().toISOString().slice(0, 10),
    command: ['npm run bench', ...(flags.node === undefined ? [] : ['-- --node <path>'])].join(' '),
    node: process.versions.node,
    etcd: stage.etcd?.version,
    go: go.version,
    libraries: libraryVersions(),
    rounds: flags.rounds,
    sliceMillis: flags.sliceMillis,
  };
  const progress = new Progress(flags, entries.length);
  try {
    const put = fakeTarget(stage, 'put');
    if (flags.series.some(({ operation }) => operation !== 'startup' && operation !== 'copies'))
      await pool.warmUp(put, flags.warmOperations);
    const measured: Measured[] = [];
    for (const series of flags.series) {
      progress.begin(series);
      if (series.operation === 'startup') {
        const starters = entries.filter(({ client }) => series.clients.includes(client));
        const row = await measureStartup(starters, fakeTarget(stage, 'get').address, flags.rounds);
        if (row !== undefined) measured.push(row);
        continue;
      }
      if (series.operation === 'copies') {
        if (stage.etcd !== undefined) measured.push(...(await measureCopies(stage.etcd.endpoint, flags.rounds)));
        continue;
      }
      try {
        const rows = await measure(series, pool.of(series), stage, flags);
        if (rows.length === 0) missing.push(`${series.id}: certificates need the openssl program`);
        measured.push(...rows);
      } catch (error) {
        console.error(error);
        missing.push(`${series.id}: ${(error as Error).message}`);
        await pool.renew();
        await pool.warmUp(put, flags.warmOperations);
      }
    }
    const peakRssMiB = pool.peakRssMiB();
    return { facts, clients: entries.map(({ label }) => label), measured, peakRssMiB, missing };
  } finally {
    await pool.end();
    await stage.close();
  }
}

function show(results: Results): void {
  const bases = ['grpc-js', 'go'] as const;
  const tables = [
    absoluteTable(results),
    absoluteRows(results),
    copiesTable(results),
    ...(results.clients.some((label) => label.includes('@')) ? [nodesTable(results)] : []),
    ...bases.flatMap((base) => (['cpu', 'throughput'] as const).map((name) => ratioTable(results, { base, name }))),
  ];
  for (const table of tables) if (table !== undefined) console.log(`\n${terminal(table)}`);
  console.log();
  const shares = shareWords(results);
  if (shares !== '') console.log(`the CPU of the fake server, of the leanest client's: ${shares}`);
  for (const line of results.missing) console.log(`left out: ${line}`);
}

const flags = parseFlags(process.argv.slice(2));
if (flags === undefined) {
  console.log(usage);
} else if (flags.documents) {
  writeDocuments();
} else {
  const started = performance.now();
  const wantsGo = flags.series.some(({ clients }) => clients.includes('go'));
  const results = await run(flags, wantsGo ? await goClient() : {});
  show(results);
  if (flags.check) {
    const verdicts = check(results, flags.node === undefined ? undefined : nodeGoals(results));
    for (const verdict of verdicts) console.log(verdictLine(verdict));
    if (flags.strict && verdicts.some(({ verdict }) => verdict === 'missed')) process.exitCode = 1;
  }
  if (flags.write) {
    keepResults(results, flags.node === undefined ? 'clients' : 'nodes');
    writeDocuments();
  }
  console.error(`${Math.round((performance.now() - started) / 1000)} s`);
}
