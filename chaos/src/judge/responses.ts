import type { Answer, GetAnswer, Kv, Operation } from '../history.ts';
import type { LogEntry } from './log.ts';
import { COMPACTION_REVISION, type ModelKv, type ModelResponse, type ModelResult } from './model.ts';

/** Makes etcd's model of the answer to an operation. */
export function responseOf({ request, answer, revision = 0 }: Operation): ModelResponse {
  // The model knows no count without keys.
  if (request.type === 'get' && request.countOnly) return persistedAt(revision);
  switch (answer?.type) {
    case 'get':
      return { Range: toKvs(answer), Revision: revision };
    case 'put':
    case 'delete':
      return { Txn: { Failure: false, Results: [toResult(answer)] }, Revision: revision };
    case 'txn':
      return { Txn: { Failure: !answer.succeeded, Results: answer.answers.map(toResult) }, Revision: revision };
    case 'grant':
      return { LeaseGrant: { LeaseID: 0 }, Revision: revision };
    case 'revoke':
      return { LeaseRevoke: {}, Revision: revision };
    case 'compact':
      return { Compact: {}, Revision: COMPACTION_REVISION };
    case undefined:
      throw new Error(`there is no answer to ${JSON.stringify(request)}`);
  }
}

/** The response of what took effect, if nothing but its revision is known or can be compared. */
export function persistedAs({ request, revision }: LogEntry): ModelResponse {
  return persistedAt(request.type === 'compact' ? COMPACTION_REVISION : revision);
}

export function persistedAt(revision: number): ModelResponse {
  return { Persisted: true, PersistedRevision: revision };
}

export function toKvs({ kvs, count }: Pick<GetAnswer, 'kvs' | 'count'>): { KVs: ModelKv[]; Count: number } {
  return { KVs: kvs.map((kv) => ({ Key: kv.key, ...toValue(kv) })), Count: count };
}

export function toValue({ value, mod, version }: Kv): Omit<ModelKv, 'Key'> {
  return { Value: { Value: value }, ModRevision: mod, Version: version };
}

function toResult(answer: Answer): ModelResult {
  if (answer.type === 'get') return toKvs(answer);
  return answer.type === 'delete' ? { Deleted: answer.deleted } : {};
}
