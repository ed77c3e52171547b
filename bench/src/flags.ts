// The command line.
import { parseArgs } from 'node:util';
import { type ClientName, clientNames } from './clients/index.ts';
import type { Deal } from './dealer.ts';
import { type Series, allSeries } from './series.ts';

export const usage = `npm run bench -- [options]
  --quick              a smoke run of less than 40 s; writes no results
  --rounds <n>         slices per client and row (15)
  --slice <ms>         length of a slice (300)
  --only <text>        rows whose id contains one of these, as fake/put or etcd/; startup for start to first get
  --clients <names>    ${clientNames.join(',')}
  --concurrency <n>    callers at once, instead of each row's own
  --check              say which goals hold
  --strict             the same, and exit 1 where one is missed
  --profile <dir>      a CPU profile of every client process into this folder
  --no-write           leave RESULTS.md alone`;

/** Options of a run. */
export interface Flags extends Deal {
  readonly series: readonly Series[];
  readonly startup: boolean;
  readonly clients: readonly ClientName[];
  readonly check: boolean;
  readonly strict: boolean;
  readonly profile: string | undefined;
  readonly write: boolean;
}

function count(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} takes a number from 1, not ${text}`);
  return value;
}

function clientsIn(text: string | undefined): readonly ClientName[] {
  if (text === undefined) return clientNames;
  const wanted = text.split(',');
  const unknown = wanted.find((name) => !clientNames.some((known) => known === name));
  if (unknown !== undefined) throw new Error(`no client is called ${unknown}`);
  return clientNames.filter((name) => wanted.includes(name));
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
      check: { type: 'boolean' },
      strict: { type: 'boolean' },
      profile: { type: 'string' },
      'no-write': { type: 'boolean' },
    },
  });
  if (values.help) return undefined;
  const quick = values.quick ?? false;
  const only = values.only?.split(',');
  const wanted = (id: string): boolean => only?.some((part) => id.includes(part)) ?? true;
  const concurrency = values.concurrency === undefined ? undefined : count(values.concurrency, 'concurrency');
  const series = allSeries.filter(({ id }) => wanted(id));
  const startup = wanted('startup');
  if (series.length === 0 && !startup) throw new Error(`--only ${values.only} leaves nothing`);
  const whole = only === undefined && concurrency === undefined && values.clients === undefined;
  return {
    series: concurrency === undefined ? series : series.map((row) => ({ ...row, concurrency })),
    startup,
    clients: clientsIn(values.clients),
    rounds: count(values.rounds ?? (quick ? '3' : '15'), 'rounds'),
    sliceMillis: count(values.slice ?? (quick ? '120' : '300'), 'slice'),
    warmSlices: quick ? 1 : 2,
    warmOperations: quick ? 2_000 : 10_000,
    check: (values.check ?? false) || (values.strict ?? false),
    strict: values.strict ?? false,
    profile: values.profile,
    write: whole && !quick && !values['no-write'],
  };
}
