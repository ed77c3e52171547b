// Operations as data, for both the model and etcd. Bytes are latin1 text.

export interface RangeSpec {
  readonly key: string;
  readonly form: 'one' | 'prefix' | 'fromKey' | 'rangeEnd';
  readonly rangeEnd?: string;
}
export type SortField = 'key' | 'version' | 'createRevision' | 'modRevision' | 'value';
export interface GetSpec {
  readonly type: 'get';
  readonly range: RangeSpec;
  readonly limit?: number;
  readonly revision?: bigint;
  readonly sort?: { readonly by: SortField; readonly order: 'ascend' | 'descend' };
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
  readonly serializable?: boolean;
  readonly minModRevision?: bigint;
  readonly maxModRevision?: bigint;
  readonly minCreateRevision?: bigint;
  readonly maxCreateRevision?: bigint;
}
export interface PutSpec {
  readonly type: 'put';
  readonly key: string;
  readonly value: string;
  readonly lease?: bigint;
  readonly prevKv?: boolean;
  readonly ignoreValue?: boolean;
  readonly ignoreLease?: boolean;
}
export interface DeleteSpec {
  readonly type: 'delete';
  readonly range: RangeSpec;
  readonly prevKv?: boolean;
}
export interface CompareSpec {
  readonly range: RangeSpec;
  readonly target: 'version' | 'createRevision' | 'modRevision' | 'value' | 'lease';
  readonly result: '=' | '!=' | '<' | '>';
  readonly operand: bigint | string;
}
export interface TxnSpec {
  readonly type: 'txn';
  readonly compares: readonly CompareSpec[];
  readonly then: readonly OpSpec[];
  readonly else: readonly OpSpec[];
}
export type OpSpec = GetSpec | PutSpec | DeleteSpec | TxnSpec;
