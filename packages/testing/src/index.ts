/// <reference types="node" preserve="true" />
/**
 * `@etcdts/testing` tests code that uses etcd against real etcd processes, through faults, in strict uvu suites.
 *
 * Create an etcd, or a cluster, with `startEtcd()` or `startCluster({ members: 3 })`. The binary is `ETCD_BIN`, otherwise the
 * etcd on the PATH. Connect a client to its `endpoints`, or to the `endpoint` of a `startProxy(etcd.endpoint)` that cuts,
 * swallows, holds, delays or refuses. Use both with `await using`, inside a test of a `suite()`:
 *
 * ```ts
 * const test = suite('kv');
 * test('a put survives a restart', async () => {
 *   await using etcd = await startEtcd();
 *   await using client = createClient({ endpoints: etcd.endpoints });
 *   await client.kv.put('key', 'value');
 *   await etcd.member.restart();
 *   assert.is((await client.kv.get('key')).kvs[0]?.text(), 'value');
 * });
 * test.run();
 * ```
 *
 * @module
 *
 * @packageDocumentation
 */
export { assert, suite } from './suite.ts';
export type { Hook, HookFunction, Suite, SuiteOptions, TestContext, TestFunction } from './suite.ts';
export { deferred, eventually, rejects } from './eventually.ts';
export type { Deferred, ErrorCheck, EventuallyOptions } from './eventually.ts';
export { FakeClock, settle, type FakeTimer } from './fake-clock.ts';
export { seeded } from './seeded.ts';
export { withSite } from './with-site.ts';
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
export { createCertificates, NoOpenssl } from './certificates.ts';
export type { CertificatePair, TestAuthority, TestCertificates } from './certificates.ts';
export { connectionContract } from './contracts/connection.ts';
export { electionContract } from './contracts/election.ts';
export type {
  ContestedElection,
  ElectionFunctions,
  ElectionObserveOptions,
  ElectionSession,
  HeldLead,
  SeenLeader,
} from './contracts/election-functions.ts';
export { kvContract } from './contracts/kv.ts';
export type { ContractContext } from './contracts/kv.ts';
export { leaseContract } from './contracts/lease.ts';
export { lockContract } from './contracts/lock.ts';
export type { HeldLock, LockFunctions, LockMutex, LockRwMutex, LockSession } from './contracts/lock-functions.ts';
export { assertPlainData } from './contracts/plain-data.ts';
export { txnContract } from './contracts/txn.ts';
export { watchContract } from './contracts/watch.ts';
