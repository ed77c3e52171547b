import { parseArgs } from 'node:util';

/** What the command is to do. */
export interface CommandOrder {
  readonly paths: readonly string[];
  readonly dryRun: boolean;
  readonly force: boolean;
}

/** Arguments, or a state of the files, with which the command does not begin. */
export class Refused extends Error {
  /** Whether the usage helps. */
  readonly usage: boolean;

  constructor(message: string, usage = false) {
    super(message);
    this.usage = usage;
  }
}

export const USAGE = `Rewrites code that uses the npm package etcd3, so that it uses etcdts.

  etcdts-migrate [--dry-run] [--force] <file or folder>…

  --dry-run   writes nothing, and prints the changes
  --force     also in a git work tree with uncommitted changes
  --help      prints this

It reads .ts, .tsx, .mts, .cts, .js, .jsx, .mjs and .cjs, and skips node_modules and folders whose name begins with a dot.
Where something has no counterpart, it leaves a comment that begins with TODO(etcdts) and has a link.

Exit codes: 0 if all files were read, 1 if some could not be read or written, 2 if it has not begun.`;

/** Reads the arguments of the command; `undefined` if they request help. Throws `Refused`. */
export function readArguments(args: readonly string[]): CommandOrder | undefined {
  const options = {
    'dry-run': { type: 'boolean' },
    force: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const { message } = error as Error;
    const unknown = /^Unknown option '([^']*)'/.exec(message)?.[1];
    throw new Refused(unknown === undefined ? (message.split('\n', 1)[0] as string) : `unknown flag: ${unknown}`, true);
  }
  const { values, positionals } = parsed;
  if (values.help === true) return undefined;
  if (positionals.length === 0) throw new Refused('no file or folder is given', true);
  return { paths: positionals, dryRun: values['dry-run'] ?? false, force: values.force ?? false };
}
