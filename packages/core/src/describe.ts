// Values that callers pass, for the texts of errors.
import { nearest } from './nearest.ts';

/** A number or a truth value as text, perhaps with a unit: nothing else is shown, for it may be a secret at the wrong place. */
const PLAIN_TEXT = /^[-+]?(\d[\d_.,]{0,20} ?[a-z]{0,3}|true|false|yes|no|on|off|infinity|nan)$/i;

/** The type of a value, with its article; never its content, for it may be a key, a value or a secret. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'undefined';
  if (typeof value !== 'object') return `a ${typeof value}`;
  return withArticle(Object.prototype.toString.call(value).slice(8, -1));
}

/** A value and its type, `"5000" (a string)`; text that is no number and no truth value by its type only. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return PLAIN_TEXT.test(value) ? `${JSON.stringify(value)} (a string)` : describe(value);
    case 'number':
    case 'boolean':
      return `${value} (a ${typeof value})`;
    case 'bigint':
      return `${value}n (a bigint)`;
    default:
      return describe(value);
  }
}

/** For the error about a value that is none of `words`: those, and the value itself if it resembles one of them. */
export function noneOf(value: unknown, words: readonly string[]): string {
  const meant = typeof value === 'string' && value !== '' ? nearest(value, words) : undefined;
  const given = meant === undefined ? shown(value) : `${JSON.stringify(value)}; did you mean ${meant}?`;
  return `must be one of ${words.join(', ')}, not ${given}`;
}

function withArticle(name: string): string {
  const word = name === 'Object' || name === 'Array' ? name.toLowerCase() : name;
  return `${/^[AEIO]/i.test(word) ? 'an' : 'a'} ${word}`;
}
