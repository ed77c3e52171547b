export { assert, suite } from './suite.ts';
export type { Hook, HookFunction, Suite, SuiteOptions, TestContext, TestFunction } from './suite.ts';
export { deferred, eventually, rejects } from './eventually.ts';
export type { Deferred, ErrorCheck, EventuallyOptions } from './eventually.ts';
export { startCluster, startEtcd } from './etcd.ts';
export type { ClusterOptions, EtcdCluster, EtcdServer } from './etcd.ts';
export type { EtcdMember, StartOptions } from './etcd-member.ts';
export type { EtcdOptions, ServerTls } from './etcd-flags.ts';
export { findEtcd, isAtLeast } from './etcd-binary.ts';
export type { EtcdBinary } from './etcd-binary.ts';
export { startProxy } from './tcp-proxy.ts';
export type {
  CutMode,
  Direction,
  FaultProxy,
  ProxyConnection,
  ProxyOptions,
  ProxyTarget,
  Verdict,
} from './tcp-proxy.ts';
