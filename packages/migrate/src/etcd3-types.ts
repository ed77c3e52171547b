// Data: the part of etcd3's API that is rewritten, as declarations of our own. The compiler sees them in place of the package, so that
// types are known also where etcd3 is not installed.

/** Declarations of the module `etcd3`. */
export const ETCD3_TYPES = `
declare global {
  interface Buffer extends Uint8Array { equals(other: Uint8Array): boolean; toString(encoding?: string): string }
  var process: { env: Record<string, string | undefined>; pid: number; ppid: number; argv: string[]; [name: string]: any };
  var Buffer: { from(...given: any[]): Buffer; alloc(...given: any[]): Buffer; concat(list: readonly Uint8Array[]): Buffer; [name: string]: any };
}
type Key = string | Uint8Array;
type Rangable = Range | Key | { start: Key; end: Key } | { prefix: Key };
type Target = 'Key' | 'Version' | 'Create' | 'Mod' | 'Value';
type Column = 'Version' | 'Create' | 'Mod' | 'Value' | 'Lease';

declare class PromiseWrap<T> implements PromiseLike<T> {
  then<R1 = T, R2 = never>(done?: ((value: T) => R1 | PromiseLike<R1>) | null, failed?: ((error: any) => R2 | PromiseLike<R2>) | null): Promise<R1 | R2>;
  catch<R>(failed: (error: any) => R | PromiseLike<R>): Promise<T | R>;
}
declare class RangeBuilder<T> extends PromiseWrap<T> {
  revision(revision: number | string): this;
  serializable(serializable: boolean): this;
  minModRevision(revision: number | string): this;
  maxModRevision(revision: number | string): this;
  minCreateRevision(revision: number | string): this;
  maxCreateRevision(revision: number | string): this;
  options(options: any): this;
  op(): Promise<any>;
}
export declare class SingleRangeBuilder extends RangeBuilder<string | null> {
  json(): Promise<unknown>;
  string(encoding?: string): Promise<string | null>;
  number(): Promise<number | null>;
  buffer(): Promise<Buffer | null>;
  exists(): Promise<boolean>;
  exec(): Promise<IRangeResponse>;
}
export declare class MultiRangeBuilder extends RangeBuilder<{ [key: string]: string }> {
  prefix(value: Key): this;
  inRange(range: Rangable): this;
  all(): this;
  limit(count: number): this;
  sort(target: Target, order: 'None' | 'Ascend' | 'Descend'): this;
  count(): Promise<number>;
  keys(encoding?: string): Promise<string[]>;
  keyBuffers(): Promise<Buffer[]>;
  json(): Promise<{ [key: string]: unknown }>;
  strings(encoding?: string): Promise<{ [key: string]: string }>;
  numbers(): Promise<{ [key: string]: number }>;
  buffers(): Promise<{ [key: string]: Buffer }>;
  exec(): Promise<IRangeResponse>;
}
export declare class DeleteBuilder extends PromiseWrap<IDeleteRangeResponse> {
  key(value: Key): this;
  prefix(value: Key): this;
  range(range: Range): this;
  all(): this;
  inRange(range: Rangable): this;
  getPrevious(): Promise<IKeyValue[]>;
  options(options: any): this;
  exec(): Promise<IDeleteRangeResponse>;
  op(): Promise<any>;
}
export declare class PutBuilder extends PromiseWrap<IPutResponse> {
  value(value: string | Uint8Array | number): this;
  lease(lease: number | string | Promise<string | number>): this;
  ignoreLease(): this;
  options(options: any): this;
  getPrevious(): Promise<IKeyValue & { header: IResponseHeader }>;
  touch(): Promise<IPutResponse>;
  exec(): Promise<IPutResponse>;
  op(): Promise<any>;
}
export declare class ComparatorBuilder {
  options(options: any): this;
  and(key: Key, column: Column, comparison: '==' | '===' | '>' | '<' | '!=' | '!==', value: string | Uint8Array | number): this;
  then(...clauses: any[]): this;
  else(...clauses: any[]): this;
  commit(): Promise<ITxnResponse>;
}
export declare class Namespace {
  get(key: Key): SingleRangeBuilder;
  getAll(): MultiRangeBuilder;
  put(key: Key): PutBuilder;
  delete(): DeleteBuilder;
  lease(ttl: number, options?: { autoKeepAlive?: boolean }): Lease;
  lock(key: Key): Lock;
  stm(options?: Partial<ISTMOptions>): SoftwareTransaction;
  if(key: Key, column: Column, comparison: '==' | '===' | '>' | '<' | '!=' | '!==', value: string | Uint8Array | number): ComparatorBuilder;
  watch(): WatchBuilder;
  range(range: Rangable): Range;
  namespace(prefix: Key): Namespace;
  election(name: string, ttl?: number): Election;
}
export declare class Etcd3 extends Namespace {
  constructor(options?: IOptions);
  getRoles(): Promise<Role[]>;
  role(name: string): Role;
  getUsers(): Promise<User[]>;
  user(name: string): User;
  mock(callable: any): any;
  unmock(): void;
  close(): void;
  readonly auth: AuthClient;
  readonly maintenance: MaintenanceClient;
  readonly cluster: ClusterClient;
}
export declare class AuthClient { authEnable(options?: any): Promise<unknown>; authDisable(options?: any): Promise<unknown>; }
export declare class MaintenanceClient { [method: string]: (...args: any[]) => Promise<any>; }
export declare class ClusterClient { [method: string]: (...args: any[]) => Promise<any>; }
export interface IOptions {
  credentials?: { rootCertificate: any; privateKey?: any; certChain?: any };
  grpcOptions?: any;
  auth?: { username: string; password: string; callOptions?: any };
  defaultCallOptions?: any;
  hosts?: string[] | string;
  dialTimeout?: number;
  faultHandling?: any;
}
export declare class Lease {
  readonly state: LeaseState;
  grant(): Promise<string>;
  revoke(options?: any): Promise<void>;
  release(): void;
  put(key: Key): PutBuilder;
  keepaliveOnce(options?: any): Promise<ILeaseKeepAliveResponse>;
  revoked(): boolean;
  on(event: string, handler: (value: any) => void): this;
  once(event: string, handler: (value: any) => void): this;
  removeAllListeners(event?: string): this;
}
export declare enum LeaseState { Pending, Alive, Revoked }
export declare class Lock {
  ttl(seconds: number): this;
  options(options: any): this;
  acquire(): Promise<this>;
  leaseId(): Promise<string | null>;
  release(): Promise<void>;
  do<T>(body: () => T | Promise<T>): Promise<T>;
}
export declare class Election {
  readonly name: string;
  campaign(value: string): Campaign;
  leader(encoding?: string): Promise<string | undefined>;
  observe(): Promise<ElectionObserver>;
}
export declare class Campaign {
  wait(): Promise<this>;
  proclaim(value: Key): Promise<void>;
  getCampaignKey(): Promise<string>;
  resign(): Promise<void>;
  on(event: string, handler: (value: any) => void): this;
  once(event: string, handler: (value: any) => void): this;
  removeAllListeners(event?: string): this;
}
export declare class ElectionObserver {
  readonly hasLeader: boolean;
  cancel(): Promise<void>;
  leader(encoding?: string): string | undefined;
  on(event: string, handler: (value: any) => void): this;
  once(event: string, handler: (value: any) => void): this;
  removeAllListeners(event?: string): this;
}
export declare class WatchBuilder {
  key(key: Key): this;
  prefix(value: Key): this;
  inRange(range: Rangable): this;
  ignore(...operations: ('put' | 'delete')[]): this;
  only(...operations: ('put' | 'delete')[]): this;
  withPreviousKV(): this;
  startRevision(revision: string | number): this;
  watcher(): Watcher;
  create(): Promise<Watcher>;
}
export declare class Watcher {
  readonly id: string | null;
  readonly request: any;
  on(event: 'put' | 'delete', handler: (kv: IKeyValue, previous: IKeyValue) => void): this;
  on(event: 'data', handler: (response: IWatchResponse) => void): this;
  on(event: string, handler: (value: any) => void): this;
  once(event: 'put' | 'delete', handler: (kv: IKeyValue, previous: IKeyValue) => void): this;
  once(event: string, handler: (value: any) => void): this;
  removeAllListeners(event?: string): this;
  lastRevision(): number | null;
  cancel(): Promise<void>;
}
export declare enum Isolation { SerializableSnapshot, Serializable, RepeatableReads, ReadCommitted }
export interface ISTMOptions { retries: number; prefetch: string[]; isolation: Isolation; callOptions?: any }
export declare class SoftwareTransaction {
  transact<T>(body: (tx: SoftwareTransaction) => T | PromiseLike<T>): Promise<T>;
  get(key: string): SingleRangeBuilder;
  put(key: Key): PutBuilder;
  delete(): DeleteBuilder;
}
export declare class Role {
  readonly name: string;
  create(options?: any): Promise<this>;
  delete(options?: any): Promise<this>;
  revoke(request: any, options?: any): Promise<this>;
  grant(request: any, options?: any): Promise<this>;
  permissions(options?: any): Promise<any[]>;
  addUser(user: string | User, options?: any): Promise<this>;
  removeUser(user: string | User, options?: any): Promise<this>;
}
export declare class User {
  readonly name: string;
  create(password: string, options?: any): Promise<this>;
  setPassword(password: string, options?: any): Promise<this>;
  delete(options?: any): Promise<this>;
  roles(options?: any): Promise<Role[]>;
  addRole(role: string | Role, options?: any): Promise<this>;
  removeRole(role: string | Role, options?: any): Promise<this>;
}
export declare class Range {
  static prefix(prefix: Key): Range;
  static from(range: Rangable): Range;
  readonly start: Uint8Array;
  readonly end: Uint8Array;
  constructor(start: Key, end?: Key);
  includes(value: Key): boolean;
  compare(other: Range): number;
}
export interface IResponseHeader { cluster_id: string; member_id: string; revision: string; raft_term: string }
export interface IKeyValue { key: Buffer; value: Buffer; create_revision: string; mod_revision: string; version: string; lease: string }
export interface ILeaseKeepAliveResponse { header: IResponseHeader; ID: string; TTL: string }
export interface IRangeResponse { header: IResponseHeader; kvs: IKeyValue[]; more: boolean; count: string }
export interface IPutResponse { header: IResponseHeader; prev_kv: IKeyValue }
export interface IDeleteRangeResponse { header: IResponseHeader; deleted: string; prev_kvs: IKeyValue[] }
export interface ITxnResponse { header: IResponseHeader; succeeded: boolean; responses: any[] }
export interface IEvent { type: 'Put' | 'Delete'; kv: IKeyValue; prev_kv: IKeyValue }
export interface IWatchResponse { header: IResponseHeader; watch_id: string; created: boolean; canceled: boolean; compact_revision: string; events: IEvent[] }
export declare class ClientRuntimeError extends Error {}
export declare class ClientClosedError extends Error {}
export declare const isRecoverableError: (error: Error) => boolean;
export declare class GRPCGenericError extends Error {}
export declare class GRPCProtocolError extends Error {}
export declare class GRPCInternalError extends Error {}
export declare class GRPCCancelledError extends Error {}
export declare class GRPCUnknownError extends Error {}
export declare class GRPCInvalidArgumentError extends Error {}
export declare class GRPCDeadlineExceededError extends Error {}
export declare class GRPCNotFoundError extends Error {}
export declare class GRPCAlreadyExistsError extends Error {}
export declare class GRPCResourceExhastedError extends Error {}
export declare class GRPCFailedPreconditionError extends Error {}
export declare class GRPCAbortedError extends Error {}
export declare class GRPCNotImplementedError extends Error {}
export declare class GRPCOutOfRangeError extends Error {}
export declare class GRPCDataLossError extends Error {}
export declare class GRPCUnavailableError extends Error {}
export declare class GRPCUnauthenticatedError extends Error {}
export declare class EtcdError extends Error {}
export declare class EtcdLeaseInvalidError extends Error {}
export declare class EtcdRoleExistsError extends Error {}
export declare class EtcdUserExistsError extends Error {}
export declare class EtcdRoleNotGrantedError extends Error {}
export declare class EtcdRoleNotFoundError extends Error {}
export declare class EtcdUserNotFoundError extends Error {}
export declare class EtcdLockFailedError extends Error {}
export declare class EtcdAuthenticationFailedError extends Error {}
export declare class EtcdInvalidAuthTokenError extends Error {}
export declare class EtcdPermissionDeniedError extends Error {}
export declare class EtcdWatchStreamEnded extends Error {}
export declare class NotCampaigningError extends Error {}
export declare class STMConflictError extends Error {}
`;
