// Where the application opened what may fail long after: watches, keepalives, pages, snapshots.
import { isEtcdError } from './errors.ts';
import { ownError } from './traced.ts';

/** The frames that are kept of a stack. */
const FRAMES = 6;
/** The number of texts that are shared. */
const SHARED = 500;
/** The call sites that are kept in one microtask: a text costs about as much as half a watch. */
const BURST = 64;

// Watches are opened at few places: a thousand of them share a text, and cost a thousand pointers.
const texts = new Map<string, string>();
let kept = 0;

/**
 * The frames below `entry` on the present stack, as text. `undefined` if the application wants no stacks or makes something
 * else of them, and beyond 64 calls in a row without a pause: a thousand watches opened in a loop cost no thousand texts.
 * It is text because V8 would hold about 70 bytes for each frame, and the objects that their functions are called on.
 */
export function callSite(entry: (...args: never[]) => unknown): string | undefined {
  if (kept >= BURST) return undefined;
  if (kept++ === 0) queueMicrotask(calm);
  const limit = Error.stackTraceLimit;
  const holder: { stack?: unknown } = {};
  Reflect.set(Error, 'stackTraceLimit', Math.min(limit, FRAMES));
  try {
    Error.captureStackTrace(holder, entry);
    const { stack } = holder;
    return typeof stack === 'string' ? shared(stack.slice(stack.indexOf('\n    at '))) : undefined;
  } catch {
    // An application's Error.prepareStackTrace may throw.
    return undefined;
  } finally {
    Reflect.set(Error, 'stackTraceLimit', limit);
  }
}

function calm(): void {
  kept = 0;
}

function shared(text: string): string | undefined {
  if (!text.startsWith('\n')) return undefined;
  const known = texts.get(text);
  if (known !== undefined) return known;
  if (texts.size >= SHARED) texts.clear();
  texts.set(text, text);
  return text;
}

/** The same error with the stack of a call site, if it is an EtcdError. One error that ends several watches is copied. */
export function failedAt(reason: unknown, site: string | undefined): unknown {
  if (site === undefined || !isEtcdError(reason)) return reason;
  const error = ownError(reason);
  error.stack = `${error.name}: ${error.message}${site}`;
  return error;
}
