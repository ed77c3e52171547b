/// <reference types="node" preserve="true" />
/**
 * `@etcdts/embedded` is an etcd v3 server that runs inside your Node process: one member, in memory, for demos, examples and
 * unit tests. Production needs a real etcd; the same code runs against both.
 *
 * Create it, connect any etcd client to its endpoint, and close it:
 *
 *     await using etcd = await startEmbedded();
 *     await using client = createClient({ endpoints: etcd.endpoint });
 *
 * Drive it: `advance` moves its time on, so that leases end at once; `fail`, `disconnect` and `freeze` make it fail as a
 * real one may.
 *
 * @module
 *
 * @packageDocumentation
 */
export type { AlarmKind } from './alarms.ts';
export { startEmbedded, type EmbeddedEtcd } from './embedded.ts';
export type { EmbeddedOptions } from './options.ts';
export type { Fault, FaultOptions } from './faults.ts';
export type { Clock, Timer } from './clock.ts';
export type { GrpcCode, Verdict } from './status.ts';
