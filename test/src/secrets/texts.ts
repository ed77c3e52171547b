// How people and programs print a thing, and in which forms a secret can stand in what they print.
import { inspect } from 'node:util';

/** A thing in all the ways there are to print it; an error with its stack, its causes and those that it sums up. */
export function textsOf(thing: unknown, seen: Set<unknown> = new Set()): string[] {
  if (seen.has(thing)) return [];
  if (typeof thing === 'object' && thing !== null) seen.add(thing);
  const texts = [
    printed(() => inspect(thing, { depth: 20, showHidden: true, getters: true })),
    printed(() => String(thing)),
    printed(() => JSON.stringify(thing, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value))),
  ];
  if (!(thing instanceof Error)) return texts;
  const more = [thing.cause, ...(thing instanceof AggregateError ? (thing.errors as unknown[]) : [])];
  return [...texts, thing.stack ?? '', thing.message, ...more.flatMap((one) => textsOf(one, seen))];
}

/** Nothing where it cannot be printed so: an error of TLS holds certificates, each with its issuer, and JSON has no circles. */
export function printed(print: () => string | undefined): string {
  try {
    return print() ?? '';
  } catch {
    return '';
  }
}

/** One place of a stack, as the stack has it and as `inspect` quotes it. */
const STACK_PLACE = /\bat (?:[^\n'"]*? \()?(?:async )?(?:file:|node:|\/|[A-Z]:\\)[^\s'"]*:\d+:\d+\)?/g;

/**
 * A text as secrets are looked for in it: without the places in a stack, which name the files of tests, and with lists of
 * bytes on one line, as `inspect` breaks and pads them.
 */
export function searchable(text: string): string {
  return text.replace(STACK_PLACE, 'at').replace(/(?<=\d),\s+(?=\d)/g, ',');
}

/** A secret as it stands, and its bytes as `inspect`, JSON, hexadecimal and base64, wherever it begins, have them. */
export function formsOf(secret: string | Uint8Array): string[] {
  const bytes = Buffer.from(secret);
  const text = bytes.toString();
  const hex = bytes.toString('hex');
  const base64 = [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    // Without the characters that depend on what stands before and after.
    return encoded.replace(/=+$/, '').slice(before === 0 ? 0 : before + 1, -1);
  });
  const readable = Buffer.from(text).equals(bytes) ? [text] : [];
  return [...readable, hex, hex.replace(/..(?!$)/g, '$& '), [...bytes].join(','), ...base64];
}
