import { inspect } from 'node:util';
import { Assertion } from 'uvu/assert';

/**
 * Converts any thrown value for the report: to an `Error` with a name, a message and a stack.
 *
 * Assertions stay as they are, because uvu prints their difference. Everything else is copied, because uvu's printer itself
 * fails on thrown strings, on `undefined` and on errors with unusual `stack` or `details` fields.
 */
export function toFailure(reason: unknown, where = ''): Error {
  if (reason instanceof Failure && where === '') return reason;
  if (reason instanceof Assertion && where === '') return Object.assign(reason, { stack: `\n${frames(reason)}` });
  const failure = new Failure(where + describe(reason));
  failure.stack = reason instanceof Failure ? String(reason.stack) : `Failure\n${frames(reason)}`;
  return failure;
}

class Failure extends Error {
  override readonly name = 'Failure';
}

function describe(reason: unknown): string {
  if (!(reason instanceof Error)) return `threw ${inspect(reason)}, which is not an Error`;
  if (reason instanceof Failure) return reason.message;
  if (reason instanceof Assertion) return `${reason.message}\n${reason.details || ''}`;
  const fields = Object.fromEntries(Object.entries(reason).filter(([name]) => name !== 'stack' && name !== 'name'));
  const more = Object.keys(fields).length > 0 ? ` ${inspect(fields, { depth: 2 })}` : '';
  return `${String(reason.name)}: ${String(reason.message)}${more}`;
}

function frames(reason: unknown): string {
  if (!(reason instanceof Error)) return '';
  const all = String(reason.stack)
    .split('\n')
    .filter((line) => /^\s+at /.test(line));
  // After the test function there are only frames of uvu and of this package.
  const end = all.findIndex((line) => /^\s+at (async )?runBody\b/.test(line));
  const own = end === -1 ? all : all.slice(0, end);
  const cause = reason.cause === undefined ? [] : [`caused by ${describe(reason.cause)}`, frames(reason.cause)];
  return [...own, ...cause].join('\n');
}
