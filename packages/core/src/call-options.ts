import { describe } from './bytes.ts';
import type { CallOptions } from './call.ts';
import { EtcdError, invalidArgument } from './errors.ts';

/** What a call without options is given: one object for all of them. */
export const NO_OPTIONS: Readonly<Record<string, undefined>> = Object.freeze({});

/** The names of an operation's own options. */
export type OwnOptions = ReadonlySet<string>;

/** Makes the set of an operation's own options, without those of every call; a name that is missing does not compile. */
export function ownOptions<O extends object>(
  names: Readonly<Record<Exclude<keyof O, keyof CallOptions>, true>>,
): OwnOptions {
  return new Set(Object.keys(names));
}

const NONE: OwnOptions = new Set();

const COMMON: Readonly<Record<keyof CallOptions, true>> = {
  signal: true,
  timeoutMs: true,
  requireLeader: true,
  endpoint: true,
  avoid: true,
  metadata: true,
  confidential: true,
};
const COMMON_NAMES: ReadonlySet<string> = new Set(Object.keys(COMMON));

/** The call options that a client understands: core's own, and those that its interceptors and wrappers declare. */
export class CallOptionNames {
  readonly #names: ReadonlySet<string>;

  constructor(declared: readonly string[] = [], below: ReadonlySet<string> = COMMON_NAMES) {
    this.#names = declared.length === 0 ? below : new Set([...below, ...declared]);
  }

  /** These names and those that a wrapper declares. */
  and(declared: readonly string[]): CallOptionNames {
    return declared.length === 0 ? this : new CallOptionNames(declared, this.#names);
  }

  /**
   * The call options among the options of an operation: what interceptors see. Refuses an option that neither the operation
   * nor the client understands. Costs nothing without options, and no copy if none of them is the operation's own.
   */
  of(options: CallOptions | undefined, own: OwnOptions = NONE): CallOptions {
    if (options === undefined) return NO_OPTIONS;
    checkShape(options);
    let owned = false;
    for (const name of Object.keys(options)) {
      if (own.has(name)) owned = true;
      else if (!this.#names.has(name)) throw unknownOption(name, [...own, ...this.#names]);
    }
    return owned ? without(options, own) : options;
  }
}

/** Refuses options that are no object, and an option that is not one of `known`. */
export function checkOptions(options: object | undefined, known: OwnOptions): void {
  if (options === undefined) return;
  checkShape(options);
  for (const name of Object.keys(options)) if (!known.has(name)) throw unknownOption(name, [...known]);
}

function checkShape(options: unknown): void {
  if (typeof options === 'object' && options !== null) return;
  throw invalidArgument('options', `must be an object of options, not ${describe(options)}`);
}

function without(options: CallOptions, own: OwnOptions): CallOptions {
  let rest: Record<string, unknown> | undefined;
  for (const [name, value] of Object.entries(options)) if (!own.has(name)) (rest ??= {})[name] = value;
  return rest ?? NO_OPTIONS;
}

function unknownOption(name: string, known: readonly string[]): EtcdError {
  const meant = nearest(name, known);
  const message = `unknown option ${name}${meant === undefined ? '' : `; did you mean ${meant}?`}`;
  return new EtcdError({ code: 'INVALID_ARGUMENT', message, outcome: 'not-applied', argument: name });
}

/** The known name that a misspelt one probably means: the longest that begins it or that it begins, else one near to it. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  const related = known.filter((one) => {
    const other = one.toLowerCase();
    return other.startsWith(lower) || lower.startsWith(other);
  });
  if (related.length > 0) return related.reduce((best, one) => (one.length > best.length ? one : best));
  let best: string | undefined;
  let least = Math.floor(name.length / 3) + 1;
  for (const one of known) {
    const steps = distance(lower, one.toLowerCase());
    if (steps < least) [best, least] = [one, steps];
  }
  return best;
}

/** How many letters must be changed, added or removed to make one name of the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const changed = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}
