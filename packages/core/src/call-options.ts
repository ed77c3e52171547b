import type { CallOptions } from './call.ts';
import { invalidArgument } from './errors.ts';
import {
  checkPlain,
  checkSignal,
  checkTimeout,
  notOptions,
  unknownOption,
  optionTable,
  type OptionCheck,
  type OptionTable,
} from './known-options.ts';
import { describe } from './describe.ts';

/** What a call without options is given: one object for all of them. */
export const NO_OPTIONS: Readonly<Record<string, undefined>> = Object.freeze({});

/** Makes the table of an operation's own options, without those of every call; a name that is missing does not compile. */
export function ownOptions<O extends object>(
  checks: Readonly<Record<Exclude<keyof O, keyof CallOptions>, OptionCheck>>,
): OptionTable {
  return optionTable(checks);
}

const NONE: OptionTable = new Map();

const COMMON: Readonly<Record<keyof CallOptions, OptionCheck>> = {
  signal: checkSignal,
  timeoutMs: checkTimeout,
  requireLeader: 'boolean',
  endpoint: 'string',
  avoid: checkAvoid,
  metadata: checkMetadata,
  confidential: 'boolean',
};
const COMMON_CHECKS: OptionTable = optionTable(COMMON);

/** The call options that a client understands: core's own, and those that its interceptors and wrappers declare. */
export class CallOptionNames {
  readonly #checks: OptionTable;

  constructor(declared: readonly string[] = [], below: OptionTable = COMMON_CHECKS) {
    this.#checks =
      declared.length === 0 ? below : new Map([...declared.map((name) => [name, true] as const), ...below]);
  }

  /** These names and those that a wrapper declares. */
  and(declared: readonly string[]): CallOptionNames {
    return declared.length === 0 ? this : new CallOptionNames(declared, this.#checks);
  }

  /**
   * The call options among the options of an operation: what interceptors see. Refuses an option that neither the operation
   * nor the client understands, and a value of the wrong type. Costs nothing without options, and no copy if none of them is
   * the operation's own.
   */
  of(options: CallOptions | undefined, own: OptionTable = NONE): CallOptions {
    if (options === undefined) return NO_OPTIONS;
    if (typeof options !== 'object' || options === null) throw notOptions(options);
    let owned = false;
    let empty = true;
    for (const name of Object.keys(options)) {
      empty = false;
      let check = own.get(name);
      if (check !== undefined) owned = true;
      else if ((check = this.#checks.get(name)) === undefined)
        throw unknownOption(options, name, [...own.keys(), ...this.#checks.keys()]);
      if (check === true) continue;
      const value = (options as Readonly<Record<string, unknown>>)[name];
      if (value !== undefined) check(value, name);
    }
    if (empty) checkPlain(options, '');
    return owned ? without(options, own) : options;
  }
}

function without(options: CallOptions, own: OptionTable): CallOptions {
  let rest: Record<string, unknown> | undefined;
  for (const [name, value] of Object.entries(options)) if (!own.has(name)) (rest ??= {})[name] = value;
  return rest ?? NO_OPTIONS;
}

/** Refuses what is no list of endpoints to avoid. */
export function checkAvoid(value: unknown, argument: string): void {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return;
  throw invalidArgument(argument, 'must be an array of endpoints, as errors and servedBy name them');
}

// Its content is not shown: it may hold a token.
function checkMetadata(value: unknown, argument: string): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  throw invalidArgument(argument, `must be an object of names and values, not ${describe(value)}`);
}
