import type { CallOptions } from '../call.ts';
import type { Metadata } from '../metadata.ts';
import type { WatchServiceOptions } from './service.ts';

/** Options of a single watch, by which streams do not differ. `avoid` is that of the watch that opens the stream. */
const OF_ONE_WATCH: ReadonlySet<string> = new Set<keyof WatchServiceOptions>([
  'signal',
  'timeoutMs',
  'createdNotify',
  'maxBufferedBytes',
  'avoid',
]);
/** The depth below which plain data are compared by identity, because they may contain themselves. */
const DEEPEST = 8;

/**
 * Returns a text that is equal for watches that may share a stream, because all options of their streams are equal.
 *
 * Options are equal if they are equal primitives, or plain objects, arrays or bytes with equal content. Anything else is equal only
 * to itself, because an object of a class may have content that cannot be compared. Symbols count as keys too.
 */
export function streamKey(options: WatchServiceOptions): string {
  const parts: string[] = [];
  for (const name of Reflect.ownKeys(options)) {
    if (typeof name === 'string' && OF_ONE_WATCH.has(name)) continue;
    const value = (options as Record<string | symbol, unknown>)[name];
    if (value === undefined || value === standardOf(name)) continue;
    const shown = name === 'metadata' ? metadataText(value as Metadata) : textOf(value);
    parts.push(`${typeof name === 'string' ? JSON.stringify(name) : textOf(name)}:${shown}`);
  }
  return parts.toSorted().join();
}

/** The options with which a stream is opened. It lives as long as its watches, and has none of their signals and deadlines. */
export function streamOptions(options: WatchServiceOptions): CallOptions {
  const { createdNotify: _created, maxBufferedBytes: _bytes, stream: _stream, ...call } = options;
  return { ...call, requireLeader: options.requireLeader ?? true, timeoutMs: Infinity, signal: undefined };
}

function standardOf(name: string | symbol): boolean | undefined {
  if (name === 'requireLeader') return true;
  return name === 'confidential' ? false : undefined;
}

/** Makes a text that differs for different metadata, unlike clientv3's key. A value equals a list of only this value. */
function metadataText(metadata: Metadata): string {
  if (typeof metadata !== 'object' || metadata === null) return textOf(metadata);
  const lists = Object.entries(metadata).map(([key, value]) => [key, Array.isArray(value) ? value : [value]] as const);
  return textOf(Object.fromEntries(lists));
}

function textOf(value: unknown, depth = 0): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
      return `${value}n`;
    case 'object':
      return value === null ? 'null' : (contentOf(value, depth) ?? identityOf(value));
    case 'function':
      return identityOf(value);
    case 'symbol':
      return Symbol.keyFor(value) === undefined ? identityOf(value) : `@${JSON.stringify(Symbol.keyFor(value))}`;
    default:
      return String(value);
  }
}

/** Makes the text of plain data; `undefined` for anything else. */
function contentOf(value: object, depth: number): string | undefined {
  if (value instanceof Uint8Array) return `b${JSON.stringify(Buffer.from(value).toString('base64'))}`;
  if (depth === DEEPEST) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Array.prototype) return `[${(value as unknown[]).map((one) => textOf(one, depth + 1)).join()}]`;
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  const fields = Object.entries(Object.getOwnPropertyDescriptors(value)).filter(([, field]) => field.enumerable);
  if (fields.some(([, { get }]) => get !== undefined) || Object.getOwnPropertySymbols(value).length > 0)
    return undefined;
  const texts = fields
    .filter(([, field]) => field.value !== undefined)
    .map(([name, field]) => `${JSON.stringify(name)}:${textOf(field.value, depth + 1)}`);
  return `{${texts.toSorted().join()}}`;
}

const identities = new WeakMap<WeakKey, number>();
let known = 0;

function identityOf(value: WeakKey): string {
  let id = identities.get(value);
  if (id === undefined) identities.set(value, (id = ++known));
  return `#${id}`;
}
