import { parseArgs } from 'node:util';
import type { ClientOptions } from '@etcdts/core';
import type { MirrorOptions } from '../mirror/mirror.ts';
import { BadArguments } from './bad-arguments.ts';
import { clientOptions, type Side } from './side.ts';

/** What the command is to do. */
export interface CommandOrder {
  readonly source: ClientOptions;
  readonly target: ClientOptions;
  readonly mirror: MirrorOptions;
}

const TEXTS = [
  ...(['prefix', 'dest-prefix', 'rev', 'checkpoint', 'max-txn-ops', 'endpoints'] as const),
  ...(['cacert', 'cert', 'key', 'user', 'password'] as const),
  ...(['dest-cacert', 'dest-cert', 'dest-key', 'dest-user', 'dest-password'] as const),
] as const;
const SWITCHES = [
  ...(['help', 'no-dest-prefix', 'remove-extra', 'no-remove-extra'] as const),
  ...(['insecure-skip-tls-verify', 'insecure-transport'] as const),
  ...(['dest-insecure-skip-tls-verify', 'dest-insecure-transport'] as const),
] as const;

type TextFlag = (typeof TEXTS)[number];
type SwitchFlag = (typeof SWITCHES)[number];

/** The flags that were given, in the arguments or else in the environment. */
interface Flags {
  text(name: TextFlag): string | undefined;
  isOn(name: SwitchFlag): boolean | undefined;
}

/** Reads the arguments of the command; `undefined` if they request help. Throws `BadArguments`. */
export function readArguments(args: readonly string[], environment: NodeJS.ProcessEnv): CommandOrder | undefined {
  const { flags, positionals } = parse(args, environment);
  if (flags.isOn('help') === true) return undefined;
  const [command, destination, ...more] = positionals;
  if (command !== 'mirror')
    throw new BadArguments(
      `unknown command ${JSON.stringify(command ?? '')} for "etcdts-cache"; there is mirror`,
      'flags',
    );
  if (destination === undefined || more.length > 0) throw new BadArguments('mirror takes one destination argument');
  return {
    source: clientOptions(sideOf(flags, 'endpoints', ''), flags.text('endpoints') ?? '127.0.0.1:2379'),
    target: clientOptions(sideOf(flags, 'destination', 'dest-'), destination),
    mirror: mirrorOptions(flags),
  };
}

function parse(args: readonly string[], environment: NodeJS.ProcessEnv): { flags: Flags; positionals: string[] } {
  const parsed = parsedArgs(args);
  const values = parsed.values as Readonly<Record<string, string | boolean | undefined>>;
  const given = (name: string): string | boolean | undefined =>
    values[name] ?? environment[`ETCDCTL_${name.toUpperCase().replaceAll('-', '_')}`];
  return {
    positionals: parsed.positionals,
    flags: {
      text: (name) => given(name) as string | undefined,
      isOn(name) {
        const value = given(name);
        return value === undefined ? undefined : value === true || isTrue(name, String(value));
      },
    },
  };
}

function parsedArgs(args: readonly string[]): ReturnType<typeof parseArgs> {
  const options: Record<string, { type: 'string' | 'boolean'; short?: string }> = {
    help: { type: 'boolean', short: 'h' },
  };
  for (const name of TEXTS) options[name] = { type: 'string' };
  // A switch may have a value, as with etcdctl: --dest-insecure-transport=false.
  const withValue = new Set<string>();
  for (const arg of args) {
    const [, name = ''] = /^--([^=]+)=/.exec(arg) ?? [];
    if ((SWITCHES as readonly string[]).includes(name)) withValue.add(name);
  }
  for (const name of SWITCHES) {
    if (withValue.has(name)) options[name] = { type: 'string' };
    else options[name] ??= { type: 'boolean' };
  }
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const { message } = error as Error;
    const unknown = /^Unknown option '([^']*)'/.exec(message)?.[1];
    throw new BadArguments(
      unknown === undefined ? (message.split('\n', 1)[0] as string) : `unknown flag: ${unknown}`,
      'flags',
    );
  }
}

function isTrue(name: string, text: string): boolean {
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  throw invalid(name, text, 'is neither true nor false');
}

function sideOf(flags: Flags, argument: string, prefix: '' | 'dest-'): Side {
  return {
    argument,
    prefix,
    ca: flags.text(`${prefix}cacert`),
    cert: flags.text(`${prefix}cert`),
    key: flags.text(`${prefix}key`),
    user: flags.text(`${prefix}user`),
    password: flags.text(`${prefix}password`),
    skipVerify: flags.isOn(`${prefix}insecure-skip-tls-verify`) ?? false,
    insecureTransport: flags.isOn(`${prefix}insecure-transport`),
  };
}

function mirrorOptions(flags: Flags): MirrorOptions {
  const to = flags.text('dest-prefix') || undefined;
  const root = flags.isOn('no-dest-prefix') === true;
  if (root && to !== undefined)
    throw new BadArguments('`--dest-prefix` and `--no-dest-prefix` cannot be set at the same time, choose one');
  const [removes, keeps] = [flags.isOn('remove-extra'), flags.isOn('no-remove-extra')];
  if (removes === true && keeps === true)
    throw new BadArguments('`--remove-extra` and `--no-remove-extra` cannot be set at the same time, choose one');
  const rev = numberOf(flags, 'rev') ?? 0;
  return {
    prefix: flags.text('prefix') ?? '',
    targetPrefix: root ? '' : to,
    checkpoint: flags.text('checkpoint') || undefined,
    // The first revision is that of an empty store, so that its mirror has a base.
    revision: rev > 1 ? rev - 1 : undefined,
    removeExtra: removes ?? (keeps === true ? false : undefined),
    maxTxnOps: numberOf(flags, 'max-txn-ops'),
  };
}

function numberOf(flags: Flags, name: 'rev' | 'max-txn-ops'): number | undefined {
  const text = flags.text(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw invalid(name, text, 'is no whole number');
  return value;
}

function invalid(name: string, text: string, why: string): BadArguments {
  return new BadArguments(`invalid argument ${JSON.stringify(text)} for "--${name}" flag: it ${why}`, 'flags');
}
