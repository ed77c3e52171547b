import { parseArgs } from 'node:util';
import { mutantNamed, type Mutant } from './mutants/mutants.ts';

/** What a run is to be. */
export interface Settings {
  readonly minutes: number;
  readonly seed: number;
  /** A version, such as `3.5.30`; `undefined` for the etcd of the machine. */
  readonly etcd: string | undefined;
  readonly transport: 'grpc' | 'http2' | 'both';
  /** Whether clients authenticate, with tokens that end all the time. */
  readonly auth: boolean;
  /** The folder of the history. */
  readonly out: string | undefined;
  /** A folder of an earlier run, to be judged again. */
  readonly replay: string | undefined;
  /** A bug that is planted into the client. */
  readonly mutant: Mutant | undefined;
  /** The file of a picture. */
  readonly picture: string | undefined;
  readonly help: boolean;
}

export const HELP = `npm run chaos -- [options]

Runs client processes on a cluster of three members while processes are killed and paused, links break and the history is compacted,
and judges all that they did and saw.

  --minutes N        how long (1)
  --seed S           the seed of the work and of the faults (from the clock)
  --etcd VERSION     3.4.23, 3.5.16, 3.5.30, 3.6.14, 3.7.1; it is fetched if need be (the etcd of the machine)
  --transport NAME   grpc, http2, or both: half of the processes each (both)
  --auth on|off      authenticate, with tokens that end after three seconds (on)
  --out FOLDER       where the history is written (a temporary folder, which is removed if all was well)
  --replay FOLDER    judge the history of an earlier run again
  --picture FILE     draw the run as SVG
  --mutant NAME      plant a known bug into the client, which must be found
  --help             this text
`;

const TRANSPORTS = ['grpc', 'http2', 'both'] as const;

/** Reads the command line. Throws a TypeError that says what is wrong with it. */
export function readSettings(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '1' },
      seed: { type: 'string' },
      etcd: { type: 'string' },
      transport: { type: 'string', default: 'both' },
      auth: { type: 'string', default: 'on' },
      out: { type: 'string' },
      replay: { type: 'string' },
      mutant: { type: 'string' },
      picture: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= 600))
    throw new TypeError(`--minutes must be a number from 0 to 600, not ${values.minutes}`);
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new TypeError(`--seed must be a whole number, not ${values.seed}`);
  const transport = TRANSPORTS.find((name) => name === values.transport);
  if (transport === undefined) throw new TypeError(`--transport must be grpc, http2 or both, not ${values.transport}`);
  if (values.auth !== 'on' && values.auth !== 'off')
    throw new TypeError(`--auth must be on or off, not ${values.auth}`);
  const auth = values.auth === 'on';
  const { etcd, out, replay, mutant, picture, help } = values;
  const planted = mutant === undefined ? undefined : mutantNamed(mutant);
  return { minutes, seed, transport, auth, etcd, out, replay, picture, mutant: planted, help };
}
