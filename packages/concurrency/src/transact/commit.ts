import { compare, isEtcdError, type Compare, type ResponseHeader } from '@etcdts/core';
import { withFields } from '@etcdts/core/plugin';
import type { Attempt } from './attempt.ts';
import type { IsolationRules } from './isolation.ts';
import type { Answer } from './read-set.ts';
import type { Carried, ReaderParts } from './reader.ts';

/** How an attempt ended: applied, with the header if there was a request, or in a conflict, with what was then read. */
export type Commit =
  | { readonly applied: true; readonly header: ResponseHeader | undefined }
  | { readonly applied: false; readonly carried: Carried | undefined };

/**
 * Applies an attempt, if nobody has changed what it depends on since: one transaction, which is sent once. In the kinds with one
 * revision, a conflict reads everything anew in the same request.
 */
export async function commit(attempt: Attempt, { kv, limits, rules }: ReaderParts): Promise<Commit> {
  const { reads, writes } = attempt;
  const changes = [...writes.ops.values()];
  const conditions = rules.checksReads ? conditionsOf(attempt, rules) : [];
  // Reads of one revision are a snapshot, whatever has happened since.
  if (changes.length === 0 && (rules.oneRevision || conditions.length === 0))
    return { applied: true, header: undefined };
  const { ops, known } = reads.again();
  const input = { if: conditions, then: changes, else: rules.oneRevision ? ops : [] };
  try {
    const { succeeded, header, responses } = await kv.txn(input, limits.call());
    if (succeeded) return { applied: true, header };
    const { revision } = header;
    const carried = rules.oneRevision
      ? { reads: known(responses as readonly Answer[], revision), revision }
      : undefined;
    return { applied: false, carried };
  } catch (error) {
    // Without writes there is nothing whose outcome could be unknown.
    if (changes.length === 0 && isEtcdError(error)) throw withFields(error, { outcome: 'not-applied' });
    throw error;
  }
}

function conditionsOf({ reads, writes }: Attempt, { checksWrites }: IsolationRules): Compare[] {
  const conditions = reads.conditions();
  const { base } = reads;
  if (!checksWrites || base === undefined) return conditions;
  const compared = reads.modRevisions();
  for (const [id, { request }] of writes.ops) {
    // What was read is compared already.
    if (!compared.has(id)) conditions.push(compare.modRevision(request.key, '<', base + 1n));
  }
  return conditions;
}
