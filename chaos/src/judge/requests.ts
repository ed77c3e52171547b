import type { LoggedCompare, LoggedRequest, LogEntry } from './log.ts';
import type { ModelCondition, ModelOperation, ModelRange, ModelRequest } from './model.ts';
import { ELSEWHERE, placeOf, type Scope, type ValueRevisions } from './scope.ts';

/** Makes etcd's model of the requests in the log. */
export class ModelRequests {
  readonly #scope: Scope;
  readonly #values: ValueRevisions;

  constructor(scope: Scope, values: ValueRevisions) {
    this.#scope = scope;
    this.#values = values;
  }

  /**
   * The request of an entry, or what it has done in place of it: if it comes before the scope, or if the model has no form for it.
   * `undefined` if it does nothing to the model.
   */
  of(entry: LogEntry): ModelRequest | undefined {
    if (!entry.applied) return undefined;
    const { type } = entry.request;
    // Leases and compactions are no doing of a revision.
    const asked = type === 'grant' || type === 'compact' || entry.revision > this.#scope.from;
    return (asked ? this.plain(entry.request) : undefined) ?? this.#effect(entry);
  }

  /** The request as the model has it; `undefined` if there is no such form. */
  plain(request: LoggedRequest): ModelRequest | undefined {
    switch (request.type) {
      case 'compact':
        return { Type: 'compact', Compact: { Revision: request.revision as number } };
      case 'grant':
      case 'revoke': {
        const lease = request.lease as string;
        if (!this.#scope.leases.has(lease)) return undefined;
        return request.type === 'grant'
          ? { Type: 'leaseGrant', LeaseGrant: { LeaseID: { lease } } }
          : { Type: 'leaseRevoke', LeaseRevoke: { LeaseID: { lease } } };
      }
      case 'get':
        return { Type: 'range', Range: toRange(request) };
      case 'put':
      case 'delete': {
        const operation = this.#operation(request);
        return operation && unconditional([operation]);
      }
      case 'txn':
        return this.#txn(request);
    }
  }

  #txn({ compares = [], success = [], failure = [], other }: LoggedRequest): ModelRequest | undefined {
    const Conditions = all(compares.map((one) => this.#condition(one)));
    const OperationsOnSuccess = all(success.map((one) => this.#operation(one)));
    const OperationsOnFailure = all(failure.map((one) => this.#operation(one)));
    if (other || !Conditions || !OperationsOnSuccess || !OperationsOnFailure) return undefined;
    return { Type: 'txn', Txn: { Conditions, OperationsOnSuccess, OperationsOnFailure } };
  }

  #operation(request: LoggedRequest): ModelOperation | undefined {
    const { type, key: Key = '', value: Value = '', lease = '0', end = '' } = request;
    if (request.other || request.countOnly || request.revision !== undefined) return undefined;
    if (type === 'get') return { Type: 'range-operation', Range: toRange(request) };
    if (type === 'delete' && end === '') return { Type: 'delete-operation', Delete: { Key } };
    if (type !== 'put') return undefined;
    if (lease === '0') return { Type: 'put-operation', Put: { Key, Value: { Value } } };
    if (!this.#scope.leases.has(lease)) return undefined;
    return { Type: 'put-operation', Put: { Key, Value: { Value }, LeaseID: { lease } } };
  }

  #condition({ key: Key, target, value, other }: LoggedCompare): ModelCondition | undefined {
    if (other) return undefined;
    if (target === 'value') {
      const revision = this.#values.get(placeOf(Key, String(value)));
      return revision === undefined || Number.isNaN(revision) ? undefined : { Key, ExpectedRevision: revision };
    }
    const expected = Number(value);
    // A key that is not there has 0 for each of them.
    if (target === 'mod' || expected === 0) return { Key, ExpectedRevision: expected };
    return target === 'version' ? { Key, ExpectedVersion: expected } : undefined;
  }

  #effect({ events }: LogEntry): ModelRequest | undefined {
    if (events.length === 0) return undefined;
    const operations = events.flatMap(({ type, kv: { key: Key, value: Value, lease } }): ModelOperation[] => {
      if (!this.#scope.keys.has(Key)) return [];
      if (type === 'delete') return [{ Type: 'delete-operation', Delete: { Key } }];
      const attached = this.#scope.leases.has(lease) ? { LeaseID: { lease } } : {};
      return [{ Type: 'put-operation', Put: { Key, Value: { Value }, ...attached } }];
    });
    if (operations.length > 0) return unconditional(operations);
    return unconditional([{ Type: 'put-operation', Put: { Key: ELSEWHERE, Value: { Value: '' } } }]);
  }
}

function unconditional(OperationsOnSuccess: readonly ModelOperation[]): ModelRequest {
  return { Type: 'txn', Txn: { Conditions: [], OperationsOnSuccess, OperationsOnFailure: [] } };
}

/** The range of a get. The model knows no open end; no text is above the last character of Unicode. */
export function toRange({ key = '', end = '', limit, revision }: LoggedRequest): ModelRange {
  return {
    Start: key,
    ...(end !== '' && { End: end === '\u0000' ? '\u{10ffff}' : end }),
    ...(limit !== undefined && { Limit: limit }),
    ...(revision !== undefined && { Revision: revision }),
  };
}

function all<T>(values: readonly (T | undefined)[]): T[] | undefined {
  const present = values.filter((value) => value !== undefined);
  return present.length === values.length ? present : undefined;
}
