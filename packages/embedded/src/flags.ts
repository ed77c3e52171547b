// The flags of the command. Where etcd has the option, its flag has etcd's name (server/embed/config.go).
import { parseDuration } from './duration.ts';
import { nearest } from './nearest.ts';
import { DEFAULTS, type EmbeddedOptions } from './options.ts';

/** A flag and what it sets. */
interface Flag {
  /** The names without dashes. The help has the first one. */
  readonly names: readonly [string, ...string[]];
  /** The option that it sets; that of the host, if it sets the address. */
  readonly option: keyof EmbeddedOptions;
  readonly help: string;
  readonly default: string;
  readonly isSwitch?: boolean;
  /** What its value must be, in words. */
  readonly needs: string;
  /** Reads the value; `undefined` if it is none. */
  read(text: string): EmbeddedOptions | undefined;
}

const DEFAULT_PLACE = '127.0.0.1:2379';
const SWITCH: Readonly<Record<string, boolean>> = { true: true, '1': true, false: false, '0': false };

function placeOf(text: string, form: RegExp): EmbeddedOptions | undefined {
  const { path, host, port } = form.exec(text)?.groups ?? {};
  if (path !== undefined) return { socketPath: path, host: undefined, port: undefined };
  if (port === undefined || Number(port) > 65_535) return undefined;
  return { socketPath: undefined, host: host || undefined, port: Number(port) };
}

/** A flag whose value is a whole number. */
function count(names: Flag['names'], option: keyof EmbeddedOptions, help: string): Flag {
  const read = (text: string): EmbeddedOptions | undefined =>
    /^[-+]?\d+$/.test(text) ? { [option]: Number(text) } : undefined;
  return { names, option, help, default: String(DEFAULTS[option]), needs: 'a whole number', read };
}

/** A flag whose value is any text. */
function text(names: Flag['names'], option: keyof EmbeddedOptions, help: string): Flag {
  return {
    names,
    option,
    help,
    default: String(DEFAULTS[option]),
    needs: 'a text',
    read: (value) => ({ [option]: value }),
  };
}

const FLAGS: readonly Flag[] = [
  {
    names: ['listen'],
    option: 'host',
    help: 'Where clients connect: <host>:<port>, or unix:<path>. Port 0 takes a free one.',
    default: DEFAULT_PLACE,
    needs: '<host>:<port> or unix:<path>',
    read: (value) => placeOf(value, /^unix:(?<path>.+)$|^\[?(?<host>.*?)\]?:(?<port>\d+)$/),
  },
  {
    names: ['listen-client-urls'],
    option: 'host',
    help: 'The same as a URL: http://<host>:<port>, or unix://<path>. Only one URL, and no https.',
    default: `http://${DEFAULT_PLACE}`,
    needs: 'one URL, http://<host>:<port> or unix://<path>',
    read: (value) => placeOf(value, /^unix:\/\/(?<path>[^,]+)$|^http:\/\/\[?(?<host>[^,/]*?)\]?:(?<port>\d+)\/?$/),
  },
  {
    names: ['allow-remote'],
    option: 'allowRemote',
    help: 'Lets it listen on an address that other machines reach. Anyone there can read and write.',
    default: String(DEFAULTS.allowRemote),
    isSwitch: true,
    needs: 'true or false',
    read: (value) => (Object.hasOwn(SWITCH, value) ? { allowRemote: SWITCH[value] } : undefined),
  },
  text(['name'], 'name', 'The name of the member.'),
  count(['max-txn-ops'], 'maxTxnOps', 'The largest number of operations in a transaction.'),
  count(['max-request-bytes'], 'maxRequestBytes', 'The size of the largest request in bytes.'),
  count(
    ['quota-backend-bytes'],
    'quotaBackendBytes',
    'The size in bytes at which writes are refused with NO_SPACE. 0 is 2 GiB, a negative one is no quota.',
  ),
  text(
    ['auto-compaction-mode'],
    'autoCompactionMode',
    'How auto-compaction-retention is meant: periodic, as a time, or revision, as a number of revisions.',
  ),
  text(
    ['auto-compaction-retention'],
    'autoCompactionRetention',
    'How much history stays: a time such as 5m, a number of hours, or a number of revisions. 0 compacts nothing.',
  ),
  count(['auth-token-ttl'], 'authTokenTtl', 'How long an unused token lives, in seconds.'),
  {
    names: ['watch-progress-notify-interval', 'experimental-watch-progress-notify-interval'],
    option: 'progressNotifyIntervalMs',
    help: 'How often watches with progress notification get the revision if nothing happens.',
    default: '10m',
    needs: 'a time, as 10m or 500ms',
    read: (value) => {
      const progressNotifyIntervalMs = parseDuration(value);
      return progressNotifyIntervalMs === undefined ? undefined : { progressNotifyIntervalMs };
    },
  },
  count(['min-lease-ttl'], 'minLeaseTtl', 'The shortest TTL of a lease in seconds. A shorter grant is raised to it.'),
];

/** The text of --help. */
export const USAGE: string = [
  'An etcd for development: one member, in memory. What it holds is gone when it ends.\n',
  '  etcdts-embedded [flags]\n',
  ...FLAGS.map((flag) => `  --${flag.names[0]} '${flag.default}'\n    ${flag.help}`),
  '  --help\n    Prints this text.',
].join('\n');

/** Reads the arguments of the command; `undefined` if they ask for help. Throws a TypeError that names what is wrong. */
export function readFlags(args: readonly string[]): EmbeddedOptions | undefined {
  let options = placeOf(DEFAULT_PLACE, /^(?<host>.*):(?<port>\d+)$/) ?? {};
  const rest = args[Symbol.iterator]();
  for (const argument of rest) {
    const [, name, value] = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(argument) ?? [];
    if (name === undefined) throw new TypeError(`${argument} is no flag`);
    if (name === 'help' || name === 'h') return undefined;
    const flag = FLAGS.find(({ names }) => names.includes(name)) ?? unknown(name);
    const text = value ?? (flag.isSwitch === true ? 'true' : rest.next().value);
    if (text === undefined) throw new TypeError(`--${name} has no value; it must be ${flag.needs}`);
    const read = flag.read(text);
    if (read === undefined) throw new TypeError(`--${name} is ${text || 'empty'}; it must be ${flag.needs}`);
    options = { ...options, ...read };
  }
  return options;
}

function unknown(name: string): never {
  const meant = nearest(
    name,
    FLAGS.flatMap(({ names }) => names),
  );
  throw new TypeError(`unknown flag --${name}${meant === undefined ? '' : `; did you mean --${meant}?`}`);
}

/** The message of an error of `startEmbedded` in the words of the command. */
export function inFlags(message: string): string {
  return message.replace(/^startEmbedded: /, '').replace(/^\w+(?= is )|allowRemote/, (option) => {
    const flag = FLAGS.find((one) => one.option === option);
    return flag === undefined ? option : `--${flag.names[0]}`;
  });
}
