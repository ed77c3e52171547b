import { type Link, Refusal, type Chain } from '../chain.ts';
import type { Migration } from '../migration.ts';
import type { Converted } from '../promises.ts';
import { requestOf, type Request } from '../requests.ts';
import { argumentsOf, isTyped, literal } from '../syntax.ts';

/** Calls of the keys: `client.get(k).string()` and its like. */
export function keys(migration: Migration, chain: Chain): Converted | Refusal | undefined {
  const request = requestOf(migration, chain);
  if (request === undefined || request instanceof Refusal) return request;
  const form = answerOf(migration, request);
  if (form === undefined) return new Refusal(`.${request.answer?.name ?? ''}() has no counterpart`);
  const { client, verb, args, options } = request;
  migration.count(request.builder);
  return { call: `${client}.kv.${verb}${argumentsOf(args, [...options, ...form.options])}`, take: form.take };
}

/** What etcd3 makes of the answer, and the options that it sends for that. */
interface Form {
  readonly options: readonly string[];
  readonly take?: ((answer: string) => string) | undefined;
}

function answerOf(migration: Migration, { builder, answer }: Request): Form | undefined {
  const name = answer?.name ?? '';
  const encoding = encodingOf(migration, answer);
  if (builder === 'get') return oneKey(name, encoding);
  if (builder === 'getAll') return manyKeys(name, encoding);
  if (name === 'exec' || name === '') return { options: [] };
  if (builder === 'delete') {
    if (name !== 'getPrevious') return undefined;
    return { options: ['prevKv: true'], take: (response) => `${response}.prevKvs` };
  }
  if (name === 'touch') return { options: ['ignoreValue: true'] };
  if (name !== 'getPrevious') return undefined;
  migration.note(
    'keys',
    'the previous key value is undefined if there was none; etcd3 gives an object without a value',
  );
  const sure = isTyped(migration.source) ? '!' : '';
  return { options: ['prevKv: true'], take: (response) => `${response}.prevKv${sure}` };
}

/** The argument of `toString`; `''` for UTF-8. */
function encodingOf(migration: Migration, answer: Link | undefined): string {
  const [given] = answer?.args ?? [];
  return given === undefined || /^utf-?8$/.test(literal(given) ?? '') ? '' : migration.render(given);
}

function oneKey(name: string, encoding: string): Form | undefined {
  const text = encoding === '' ? 'text()' : `value.toString(${encoding})`;
  const first = (member: string) => (response: string) => `${response}.kvs[0]?.${member} ?? null`;
  switch (name) {
    case '':
    case 'string':
      return { options: [], take: first(text) };
    case 'json':
      return { options: [], take: first('json()') };
    case 'buffer':
      return { options: [], take: first('value') };
    case 'number':
      return { options: [], take: (response) => `${response}.kvs.map((kv) => Number(kv.text()))[0] ?? null` };
    case 'exists':
      return { options: ['countOnly: true'], take: (response) => `${response}.count > 0` };
    case 'exec':
      return { options: [] };
    default:
      return undefined;
  }
}

function manyKeys(name: string, encoding: string): Form | undefined {
  const text = encoding === '' ? 'text()' : `value.toString(${encoding})`;
  const record = (value: string): Form => ({
    options: [],
    take: (response) => `Object.fromEntries(${response}.kvs.map((kv) => [kv.key.toString(), ${value}]))`,
  });
  switch (name) {
    case '':
    case 'strings':
      return record(`kv.${text}`);
    case 'json':
      return record('kv.json()');
    case 'numbers':
      return record('Number(kv.text())');
    case 'buffers':
      return record('kv.value');
    case 'keys':
      return {
        options: ['keysOnly: true'],
        take: (response) => `${response}.kvs.map((kv) => kv.key.toString(${encoding}))`,
      };
    case 'keyBuffers':
      return { options: ['keysOnly: true'], take: (response) => `${response}.kvs.map((kv) => kv.key)` };
    case 'count':
      return { options: ['countOnly: true'], take: (response) => `${response}.count` };
    case 'exec':
      return { options: [] };
    default:
      return undefined;
  }
}
