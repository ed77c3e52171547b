import ts from 'typescript';
import { Refusal, type Chain } from '../chain.ts';
import type { Migration } from '../migration.ts';
import type { Converted } from '../promises.ts';
import { above, bare, isAsync, propertiesOf } from '../syntax.ts';
import { leaseOf, valueOf } from '../values.ts';

const ISOLATIONS: Readonly<Record<string, string>> = {
  SerializableSnapshot: 'serializable-snapshot',
  Serializable: 'serializable',
  RepeatableReads: 'repeatable-reads',
  ReadCommitted: 'read-committed',
};

/** `client.stm(options).transact(body)`. */
export function stm(migration: Migration, chain: Chain): Converted | Refusal | undefined {
  const [first, second, ...more] = chain.links;
  if (first?.name !== 'stm') return undefined;
  const body = second?.args[0];
  if (second?.name !== 'transact' || more.length > 0 || body === undefined)
    return new Refusal('a transaction in memory is one call of transact(client, body, options)');
  const [given] = first.args;
  const options = given === undefined ? [] : optionsOf(migration, given);
  if (options === undefined) return new Refusal('transact takes { isolation, prefetch, maxAttempts }');
  const transact = migration.imports.use('transact', '@etcdts/concurrency');
  const list = [migration.render(chain.base), bodyOf(migration, body)];
  if (options.length > 0) list.push(`{ ${options.join(', ')} }`);
  migration.count('stm');
  return { call: `${transact}(${list.join(', ')})`, take: (response) => `${response}.value` };
}

/** The body returns a promise, also where etcd3 takes a value. */
function bodyOf(migration: Migration, body: ts.Expression): string {
  const text = migration.render(body);
  const inline = ts.isArrowFunction(body) || ts.isFunctionExpression(body);
  return inline && !isAsync(body) ? `async ${text}` : text;
}

function optionsOf(migration: Migration, node: ts.Expression): string[] | undefined {
  const properties = propertiesOf(bare(node));
  if (properties === undefined) return undefined;
  const options: string[] = [];
  for (const [name, value] of properties) {
    if (name === 'retries') {
      const text = migration.render(value);
      options.push(`maxAttempts: ${/^\d+$/.test(text) ? Number(text) + 1 : `${text} + 1`}`);
    } else if (name === 'prefetch') options.push(`prefetch: ${migration.render(value)}`);
    else if (name === 'isolation' && ts.isPropertyAccessExpression(value)) {
      const isolation = ISOLATIONS[value.name.text];
      if (isolation === undefined) return undefined;
      options.push(`isolation: '${isolation}'`);
    } else return undefined;
  }
  return options;
}

/** Calls within the body: `tx.get(k).number()`, `tx.put(k).value(v)`, `tx.delete().key(k)`. */
export function stmCalls(migration: Migration, chain: Chain): Converted | Refusal | undefined {
  if (chain.kind !== 'SoftwareTransaction') return undefined;
  const tx = migration.render(chain.base);
  const { parent } = above(chain.node);
  if (chain.links[0]?.name !== 'get' && ts.isPropertyAccessExpression(parent))
    return new Refusal('tx.put and tx.delete return nothing');
  const [first, ...rest] = chain.links;
  const [second] = rest;
  const key = first?.args[0];
  if (first?.name === 'get' && key !== undefined && rest.length <= 1) {
    const take = READS[second?.name ?? 'string'];
    if (take === undefined || (second?.args.length ?? 0) > 0)
      return new Refusal('tx.get(k) resolves with a key value or undefined');
    migration.count('stm');
    const named = second?.name === 'number' ? { named: 'kv' } : {};
    return { call: `${tx}.get(${migration.render(key)})`, take, ...named };
  }
  if (first?.name === 'put' && key !== undefined) {
    let value = "''";
    const options: string[] = [];
    for (const { name, args } of rest) {
      const lease = name === 'lease' && args[0] ? leaseOf(migration, args[0]) : undefined;
      if (name === 'value' && args[0]) value = valueOf(migration, args[0]);
      else if (lease !== undefined) options.push(`lease: ${lease}`);
      else if (name !== 'exec') return new Refusal('tx.put(k, v, { lease }) returns nothing');
    }
    migration.count('stm');
    const list = [migration.render(key), value, ...(options.length > 0 ? [`{ ${options.join(', ')} }`] : [])];
    return { call: `${tx}.put(${list.join(', ')})`, sync: true };
  }
  const deleted =
    second?.name === 'key' && (rest.length === 1 || (rest.length === 2 && rest[1]?.name === 'exec'))
      ? second.args[0]
      : undefined;
  if (first?.name !== 'delete' || deleted === undefined)
    return new Refusal('a transaction reads a range by tx.range(key, { prefix: true }) and deletes each of its keys');
  migration.count('stm');
  return { call: `${tx}.delete(${migration.render(deleted)})`, sync: true };
}

const READS: Readonly<Record<string, ((kv: string) => string) | undefined>> = {
  string: (kv) => `${kv}?.text() ?? null`,
  json: (kv) => `${kv}?.json() ?? null`,
  buffer: (kv) => `${kv}?.value ?? null`,
  number: (kv) => `(${kv} ? Number(${kv}.text()) : null)`,
  exists: (kv) => `${kv} !== undefined`,
};
