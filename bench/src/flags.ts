// The command line.
import { parseArgs } from 'node:util';
import { type ClientName, clientNames } from './clients/index.ts';
import type { Deal } from './dealer.ts';
import { type Series, allSeries } from './series.ts';

export const usage = `npm run bench -- [options]
Measures every client side by side. A whole run takes about eight minutes on two cores. The first one builds Go's client, if Go is
there, which takes a few minutes more.
  --quick              a smoke run of two minutes with few rounds; writes no results
  --rounds <n>         slices per client and row (9)
  --slice <ms>         length of a slice (150)
  --only <text>        rows whose id contains one of these, as fake/put or etcd/; startup for start to first get
  --clients <names>    ${clientNames.join(',')}
  --concurrency <n>    callers at once, instead of each row's own
  --node <path>        runs this project's clients on another Node too, and compares the two
  --check              prints which goals hold; with --node, which rows are slower there
  --strict             the same, and exit 1 where one is missed
  --profile <dir>      a CPU profile of every client process into this folder
  --no-write           leave RESULTS.md and the documents alone
  --documents          write RESULTS.md and the documents anew from the results of the last whole run, and measure nothing`;

/** Options of a run. */
export interface Flags extends Deal {
  readonly series: readonly Series[];
  readonly clients: readonly ClientName[];
  readonly node: string | undefined;
  readonly check: boolean;
  readonly strict: boolean;
  readonly profile: string | undefined;
  readonly write: boolean;
  readonly documents: boolean;
}

function count(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} takes a number from 1, not ${text}`);
  return value;
}

/** The clients of other projects. They are not compared on another Node. */
const peers: ReadonlySet<ClientName> = new Set(['grpc-js', 'etcd3', 'go']);

function clientsIn(text: string | undefined, node: string | undefined): readonly ClientName[] {
  const known = node === undefined ? clientNames : clientNames.filter((name) => !peers.has(name));
  if (text === undefined) return known;
  const wanted = text.split(',');
  const unknown = wanted.find((name) => !known.some((one) => one === name));
  if (unknown !== undefined) throw new Error(`--clients takes ${known.join(',')}, not ${unknown}`);
  return known.filter((name) => wanted.includes(name));
}

/** Parses the command line. Throws for bad arguments; `undefined` means that help is requested. */
export function parseFlags(args: readonly string[]): Flags | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', short: 'h' },
      quick: { type: 'boolean' },
      rounds: { type: 'string' },
      slice: { type: 'string' },
      only: { type: 'string' },
      clients: { type: 'string' },
      concurrency: { type: 'string' },
      node: { type: 'string' },
      check: { type: 'boolean' },
      strict: { type: 'boolean' },
      profile: { type: 'string' },
      'no-write': { type: 'boolean' },
      documents: { type: 'boolean' },
    },
  });
  if (values.help) return undefined;
  const quick = values.quick ?? false;
  const only = values.only?.split(',');
  const concurrency = values.concurrency === undefined ? undefined : count(values.concurrency, 'concurrency');
  const clients = clientsIn(values.clients, values.node);
  const series = allSeries
    .filter(({ id }) => only?.some((part) => id.includes(part)) ?? true)
    .map((row) => ({
      ...row,
      clients: row.clients.filter((client) => clients.includes(client)),
      ...(concurrency !== undefined && { concurrency }),
    }))
    .filter((row) => row.clients.length > 0);
  if (series.length === 0) throw new Error('--only and --clients leave nothing');
  const whole = only === undefined && concurrency === undefined && values.clients === undefined;
  return {
    series,
    clients,
    node: values.node,
    rounds: count(values.rounds ?? (quick ? '3' : '9'), 'rounds'),
    sliceMillis: count(values.slice ?? (quick ? '60' : '150'), 'slice'),
    warmSlices: 1,
    warmOperations: quick ? 2_000 : 10_000,
    check: (values.check ?? false) || (values.strict ?? false),
    strict: values.strict ?? false,
    profile: values.profile,
    documents: values.documents ?? false,
    write: whole && !quick && !values['no-write'],
  };
}
