import { Refusal, type Chain } from '../chain.ts';
import type { Migration } from '../migration.ts';
import type { Converted } from '../promises.ts';

/**
 * Locks: nothing is rewritten. The keys of the two kinds of locks differ, so that whether they may change is a question of when
 * which process is replaced.
 */
export function locks(_migration: Migration, { kind, links }: Chain): Refusal | undefined {
  if (links[0]?.name !== 'lock' && kind !== 'Lock') return undefined;
  return new Refusal(
    'a lock becomes mutex(session, name), and does not exclude locks of etcd3, so both cannot be in use at once',
  );
}

/** Elections: who leads is read as before; a campaign, which emits events, becomes work with a signal. */
export function elections(migration: Migration, chain: Chain): Converted | Refusal | undefined {
  const [first, second, ...more] = chain.links;
  if (chain.kind === 'Election' || chain.kind === 'Campaign' || chain.kind === 'ElectionObserver')
    return new Refusal('election(session, name), lead and observeElection have signals and loops in place of events');
  const name = first?.args[0];
  if (first?.name !== 'election' || name === undefined) return undefined;
  if (second?.name !== 'leader' || second.args.length > 0 || more.length > 0)
    return new Refusal('election(session, name), lead and observeElection have signals and loops in place of events');
  migration.count('election');
  const leader = migration.imports.use('leader', '@etcdts/concurrency');
  const text = migration.render(name);
  const key = /^'[^']*'$|^"[^"]*"$/.test(text)
    ? `${text.charAt(0)}election/${text.slice(1)}`
    : `\`election/\${${text}}\``;
  return {
    call: `${leader}(${migration.render(chain.base)}, ${key})`,
    take: (found) => `${found}?.kv.text()`,
  };
}
