import ts from 'typescript';
import { partsOf, chainOf, isIrregular, LAZY, Refusal, type Chain } from '../chain.ts';
import type { Migration } from '../migration.ts';
import type { Section } from '../page.ts';
import { asAwaited, asPromise, isAwaited, type Converted } from '../promises.ts';
import { bare } from '../syntax.ts';
import { auth } from './auth.ts';
import { clientCalls } from './client.ts';
import { keys } from './keys.ts';
import { leaseCalls } from './leases.ts';
import { elections, locks } from './locks.ts';
import { stm, stmCalls } from './stm.ts';
import { transactions } from './transactions.ts';
import { watches } from './watches.ts';

const CONVERTERS = [keys, transactions, stmCalls, stm, clientCalls, auth, leaseCalls, watches, locks, elections];

/** Calls of etcd3, with the `await` before them. */
export function calls(migration: Migration, node: ts.Node): string | undefined {
  if (ts.isAwaitExpression(node)) {
    const converted = convert(migration, node.expression);
    return converted && asAwaited(converted, node);
  }
  if (!ts.isCallExpression(node)) return undefined;
  const converted = convert(migration, node);
  return converted && asPromise(converted);
}

function convert(migration: Migration, node: ts.Expression): Converted | undefined {
  const at = bare(node);
  if (!ts.isCallExpression(at) || migration.kept.has(at)) return undefined;
  const chain = chainOf(migration, at);
  if (chain === undefined) return undefined;
  const converted = migration.attempt(
    () => firstOf(migration, chain),
    (one) => one === undefined || one instanceof Refusal,
  );
  if (converted !== undefined && !(converted instanceof Refusal)) return converted;
  for (const part of partsOf(chain)) migration.kept.add(part);
  keepOperations(migration, chain);
  const names = chain.links.map(({ name }) => name).join('().');
  const why = converted?.why ?? 'it has no counterpart';
  migration.note(sectionOf(chain), `${names}(): ${why}`);
  return undefined;
}

/** The operations of a transaction that stays as it is stay too. */
function keepOperations(migration: Migration, { links }: Chain): void {
  if (links[0]?.name !== 'if') return;
  for (const { name, args } of links) {
    for (const one of name === 'then' || name === 'else' ? args : []) {
      const own = ts.isCallExpression(bare(one)) ? chainOf(migration, one) : undefined;
      for (const part of own === undefined ? [] : partsOf(own)) migration.kept.add(part);
    }
  }
}

/** `watcher?.cancel()` and `client?.close()`, which are written so here too. */
function sameHere(migration: Migration, { kind, links, base }: Chain): Converted | undefined {
  const [first, ...more] = links;
  const same = (kind === 'Watcher' && first?.name === 'cancel') || (kind === 'Etcd3' && first?.name === 'close');
  if (!same || more.length > 0) return undefined;
  migration.count(kind === 'Watcher' ? 'watch' : 'close');
  return { call: `${migration.render(base)}?.${first?.name ?? ''}()` };
}

function firstOf(migration: Migration, chain: Chain): Converted | Refusal | undefined {
  if (isIrregular(chain)) return sameHere(migration, chain) ?? new Refusal('it has `?.` or `...`');
  const lazy = LAZY.has(migration.kinds.of(chain.node) ?? '');
  if (lazy && !isAwaited(chain.node))
    return new Refusal('etcd3 sends it when it is awaited, and not here; its counterpart sends at once');
  for (const convertOne of CONVERTERS) {
    const converted = convertOne(migration, chain);
    if (converted !== undefined) return converted;
  }
  return undefined;
}

const SECTIONS: Readonly<Record<string, Section>> = {
  ...{ if: 'transactions', stm: 'transactions', watch: 'watches', lease: 'leases', lock: 'locks' },
  ...{ election: 'elections', mock: 'the-client', unmock: 'the-client', role: 'the-client', user: 'the-client' },
  ...{ getRoles: 'the-client', getUsers: 'the-client', namespace: 'the-client', close: 'the-client' },
};
const KINDS: Readonly<Record<string, Section>> = {
  ...{ SoftwareTransaction: 'transactions', ComparatorBuilder: 'transactions', Lease: 'leases', Lock: 'locks' },
  ...{
    Election: 'elections',
    Campaign: 'elections',
    ElectionObserver: 'elections',
    Watcher: 'watches',
    WatchBuilder: 'watches',
  },
  ...{
    Role: 'the-client',
    User: 'the-client',
    AuthClient: 'the-client',
    ClusterClient: 'the-client',
    MaintenanceClient: 'the-client',
  },
};

/** The section of the page about a type of etcd3. */
export const sectionOfKind = (kind: string): Section => KINDS[kind] ?? 'keys';

function sectionOf({ kind, links }: Chain): Section {
  return KINDS[kind] ?? SECTIONS[links[0]?.name ?? ''] ?? 'keys';
}
