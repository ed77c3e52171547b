// Options as callers give them: known by name, and of the right shape. Half of the callers have no compiler that looks at them.
import { describe, shown } from './describe.ts';
import { EtcdError, invalidArgument } from './errors.ts';
import { nearest } from './nearest.ts';

/** Throws if the value of an option, which is not `undefined`, is wrong. */
export type ValueCheck = (value: unknown, argument: string) => void;

/** How an option's value is checked: `true` takes any, the name of a type refuses others, a function throws for a wrong one. */
export type OptionCheck = true | 'boolean' | 'string' | 'function' | 'object' | ValueCheck;

/** A check for each option, so that a missing one does not compile. */
export type OptionChecks<O extends object> = Readonly<Record<keyof O, OptionCheck>>;

/** Options by name, each with the check of its value. */
export type OptionTable = ReadonlyMap<string, true | ValueCheck>;

const TYPES: Readonly<Record<Exclude<OptionCheck, true | ValueCheck>, ValueCheck>> = {
  boolean: typeCheck('boolean', 'true or false'),
  string: typeCheck('string', 'a string'),
  function: typeCheck('function', 'a function'),
  object: typeCheck('object', 'an object'),
};

/** Makes the table of options. */
export function optionTable(checks: Readonly<Record<string, OptionCheck>>): OptionTable {
  return new Map(
    Object.entries(checks).map(([name, check]) => [name, typeof check === 'string' ? TYPES[check] : check] as const),
  );
}

/**
 * Refuses options that are no object, an option that `checks` does not name, and a value of another type: for the factories of
 * packages. An option whose value is `undefined` counts as left out. `at` is what errors call the options: `retry.budget`.
 * Throws `INVALID_ARGUMENT`; an unknown option is refused with the known one that it resembles.
 *
 *     checkOptions<RetryOptions>(options, { maxAttempts: true, writes: 'string', budget: true }, 'retry');
 */
export function checkOptions<O extends object>(options: O | undefined, checks: OptionChecks<O>, at = ''): void {
  if (options === undefined) return;
  checkKnown(options, optionTable(checks), at);
}

/** As `checkOptions`, with a table that is made once. */
export function checkKnown(options: object | undefined, known: OptionTable, at = ''): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null) throw notOptions(options, at);
  const names = Object.keys(options);
  if (names.length === 0) checkPlain(options, at);
  for (const name of names) {
    const check = known.get(name);
    if (check === undefined) throw unknownOption(options, name, [...known.keys()], undefined, at);
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (check !== true && value !== undefined) check(value, at === '' ? name : `${at}.${name}`);
  }
}

function typeCheck(type: string, expected: string): ValueCheck {
  return (value, argument) => {
    if (typeof value === type && value !== null) return;
    throw invalidArgument(argument, `must be ${expected}, not ${shown(value)}`);
  };
}

/** Refuses what is no AbortSignal. */
export function checkSignal(value: unknown, argument: string): void {
  const signal = value as Partial<AbortSignal> | null;
  if (typeof signal?.aborted === 'boolean' && typeof signal.addEventListener === 'function') return;
  const hint = value instanceof AbortController ? ': pass controller.signal' : '';
  throw invalidArgument(argument, `must be an AbortSignal, not ${shown(value)}${hint}`);
}

/** Refuses what is no time limit in milliseconds. */
export function checkTimeout(value: unknown, argument: string): void {
  if (typeof value === 'number' && value > 0) return;
  const given = typeof value === 'number' ? String(value) : shown(value);
  const hint = value === 0 ? ': use Infinity for none' : '';
  throw invalidArgument(argument, `must be a number of milliseconds above 0, not ${given}${hint}`);
}

/** Refuses objects that are no options though they have no property that could be refused by its name. */
export function checkPlain(options: object, at: string): void {
  const isPlain =
    Object.prototype.toString.call(options) === '[object Object]' && typeof Reflect.get(options, 'then') !== 'function';
  if (!isPlain) throw notOptions(options, at);
}

/** The error for what is no object of options. Its content is not shown: it may be a key. */
export function notOptions(options: unknown, at = ''): EtcdError {
  let hint = '';
  if (options instanceof AbortSignal) hint = ': pass { signal }';
  else if (options instanceof AbortController) hint = ': pass { signal: controller.signal }';
  else if (options instanceof Promise) hint = ': await it first';
  else if (typeof options === 'function' && at === '') {
    hint = ': no method takes a callback. Calls return a promise, and watches are iterated';
  }
  return invalidArgument(at || 'options', `must be an object of options, not ${describe(options)}${hint}`);
}

function listed(known: readonly string[]): string {
  return known.length === 1 ? `there is only ${known[0]}` : `there are ${known.join(', ') || 'none'}`;
}

/** The error for an option that is none of `known`: names the one that it resembles, or all, unless there is a `hint`. */
export function unknownOption(
  options: object,
  name: string,
  known: readonly string[],
  hint?: string,
  at = '',
): EtcdError {
  if (Array.isArray(options) || ArrayBuffer.isView(options)) return notOptions(options, at);
  const prefix = at === '' ? '' : `${at}.`;
  const argument = `${prefix}${name.slice(0, 64)}`;
  const meant = nearest(name, known);
  const resembling = meant === undefined ? listed(known) : `did you mean ${prefix}${meant}?`;
  const message = `unknown option ${argument}; ${hint ?? resembling}`;
  return new EtcdError({ code: 'INVALID_ARGUMENT', message, outcome: 'not-applied', argument });
}
