/**
 * The requests and responses of etcd's model, `robustness/model/types.go`, as that package writes them in JSON. A field that is
 * left out has Go's zero value; where the model compares an empty slice, it is there.
 */
export interface ModelRequest {
  readonly Type: 'range' | 'txn' | 'leaseGrant' | 'leaseRevoke' | 'compact';
  readonly Range?: ModelRange;
  readonly Txn?: ModelTxn;
  readonly LeaseGrant?: { readonly LeaseID: LeaseId };
  readonly LeaseRevoke?: { readonly LeaseID: LeaseId };
  readonly Compact?: { readonly Revision: number };
}

/** A 64-bit number in the text of JSON. Numbers of JavaScript are too small for it. */
export type LeaseId = { readonly lease: string };

export interface ModelRange {
  readonly Start: string;
  readonly End?: string;
  readonly Limit?: number;
  readonly Revision?: number;
}

export interface ModelTxn {
  readonly Conditions: readonly ModelCondition[];
  readonly OperationsOnSuccess: readonly ModelOperation[];
  readonly OperationsOnFailure: readonly ModelOperation[];
}

/** The version, if it is above 0, or else the mod revision equals. */
export interface ModelCondition {
  readonly Key: string;
  readonly ExpectedRevision?: number;
  readonly ExpectedVersion?: number;
}

export interface ModelOperation {
  readonly Type: 'range-operation' | 'put-operation' | 'delete-operation';
  readonly Range?: ModelRange;
  readonly Put?: { readonly Key: string; readonly Value: ModelValue; readonly LeaseID?: LeaseId };
  readonly Delete?: { readonly Key: string };
}

/** The model hashes long values to 32 bits, to print less. It compares either, and a text has no collisions. */
export interface ModelValue {
  readonly Value: string;
}

export interface ModelKv {
  readonly Key: string;
  readonly Value: ModelValue;
  readonly ModRevision: number;
  readonly Version: number;
}

export interface ModelResponse {
  readonly Range?: { readonly KVs: readonly ModelKv[]; readonly Count: number };
  readonly Txn?: { readonly Failure: boolean; readonly Results: readonly ModelResult[] };
  readonly LeaseGrant?: { readonly LeaseID: 0 };
  readonly LeaseRevoke?: object;
  readonly Compact?: object;
  readonly Revision?: number;
  /** It took effect, and nothing is known but the revision. */
  readonly Persisted?: true;
  readonly PersistedRevision?: number;
}

export interface ModelResult {
  readonly KVs?: readonly ModelKv[];
  readonly Count?: number;
  readonly Deleted?: number;
}

export interface ModelCall {
  readonly ClientID: number;
  readonly Input: ModelRequest;
  readonly Call: number;
  readonly Output: ModelResponse;
  readonly Return: number;
}

export interface ModelEvent {
  readonly Type: 'put-operation' | 'delete-operation';
  readonly Key: string;
  readonly Value: ModelValue;
  readonly Revision: number;
  readonly IsCreate: boolean;
  readonly PrevValue?: Omit<ModelKv, 'Key'>;
}

export interface ModelWatch {
  readonly Request: {
    readonly Key: string;
    readonly Revision: number;
    readonly WithPrefix: boolean;
    readonly WithProgressNotify: boolean;
    readonly WithPrevKV: boolean;
  };
  readonly Responses: readonly ModelWatchResponse[];
}

export interface ModelWatchResponse {
  readonly Events?: readonly ModelEvent[];
  readonly IsProgressNotify?: true;
  readonly Revision: number;
}

/** The model's revision of a compaction, whatever that of the answer is. */
export const COMPACTION_REVISION = -1;

/** The JSON of a value, with lease ids as numbers of 64 bits. */
export function toJson(value: object): string {
  return JSON.stringify(value).replaceAll(/\{"lease":"(\d+)"\}/g, '$1');
}
