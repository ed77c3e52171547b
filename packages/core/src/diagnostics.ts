// What a client publishes on node:diagnostics_channel: plain data, without keys, values, tokens and passwords.
import { channel } from 'node:diagnostics_channel';
import type { EtcdErrorCode } from './error-codes.ts';

/** A connection is being made (`etcdts:connection:connect`). */
export interface ConnectMessage {
  /** The endpoint, as errors name it. */
  readonly endpoint: string;
  /** Attempts in a row that have failed before this one. */
  readonly failures: number;
}

/** A connection stands, and takes calls (`etcdts:connection:ready`). */
export interface ReadyMessage {
  /** The endpoint, as errors name it. */
  readonly endpoint: string;
  /** How long it took to connect, `tls.load` included, in milliseconds. */
  readonly durationMs: number;
}

/** A connection was lost, or could not be made (`etcdts:connection:lost`). */
export interface LostMessage {
  /** The endpoint, as errors name it. */
  readonly endpoint: string;
  /** Why, in words. */
  readonly reason: string;
  /** Whether it stood. */
  readonly connected: boolean;
  /** Whether the peer announced it: it was stopped, or moves its clients to another connection. */
  readonly graceful: boolean;
  /** Whether the TLS handshake failed. */
  readonly tls: boolean;
  /** How long it stood, or how long the attempt took, in milliseconds. */
  readonly durationMs: number;
  /** Attempts in a row that have failed, this one included. */
  readonly failures: number;
}

/** This client has closed a connection: it is closed itself, or the endpoint is not used any more (`etcdts:connection:close`). */
export interface CloseMessage {
  /** The endpoint, as errors name it. */
  readonly endpoint: string;
  /** Whether it stood. */
  readonly connected: boolean;
  /** How long it stood, or was tried for, in milliseconds. */
  readonly durationMs: number;
}

/** The watches or keepalives of a stream that was lost go on, on another one (`etcdts:stream:resumed`). */
export interface StreamResumedMessage {
  /** Whether the stream carries watches or keepalives. */
  readonly method: 'Watch.Watch' | 'Lease.LeaseKeepAlive';
  /** How many watches or leases. */
  readonly count: number;
  /** Why the stream was lost. */
  readonly reason: string;
  /** From the loss of the stream to the first answer on the next one, in milliseconds. */
  readonly durationMs: number;
}

/** A watch is cancelled on the server until its reader has caught up (`etcdts:watch:parked`). */
export interface WatchParkedMessage {
  /** The bytes that wait for its reader. */
  readonly bufferedBytes: number;
}

/** A lease that was kept alive is gone, or may be (`etcdts:lease:lost`). */
export interface LeaseLostMessage {
  /** The lease. */
  readonly id: bigint;
  /** The code of the error with which its `signal` aborts: `LEASE_LOST`, or etcd's `LEASE_NOT_FOUND`. */
  readonly code: EtcdErrorCode;
}

/** A call or stream waits (`etcdts:call:waits`). */
export interface CallWaitsMessage {
  /** For a connection, or for one of the streams that the peer of a connection allows at a time. */
  readonly for: 'connection' | 'stream';
  /** The RPC that waits for a connection, as `KV.Put`. */
  readonly method?: string;
  /** The endpoint that is waited for; absent if any will do. */
  readonly endpoint?: string;
  /** The number of streams that the peer allows. */
  readonly limit?: number;
}

/** What is published, by the name of its channel. */
export interface DiagnosticsMessages {
  /** An attempt to connect begins. */
  'etcdts:connection:connect': ConnectMessage;
  /** A connection takes calls. */
  'etcdts:connection:ready': ReadyMessage;
  /** A connection is lost, or an attempt has failed. */
  'etcdts:connection:lost': LostMessage;
  /** This client has closed a connection. */
  'etcdts:connection:close': CloseMessage;
  /** Watches or keepalives go on, on another stream. */
  'etcdts:stream:resumed': StreamResumedMessage;
  /** A watch waits for its slow reader. */
  'etcdts:watch:parked': WatchParkedMessage;
  /** A lease that was kept alive is gone, or may be. */
  'etcdts:lease:lost': LeaseLostMessage;
  /** A call waits, for a connection or for a place on one. */
  'etcdts:call:waits': CallWaitsMessage;
}

/** One channel. Messages are made only if `hasSubscribers`, so that they cost nothing if nobody looks. */
interface Topic<Message> {
  readonly hasSubscribers: boolean;
  publish(message: Message): void;
}

/** The channels of this package. */
export const diagnostics: {
  readonly connect: Topic<ConnectMessage>;
  readonly ready: Topic<ReadyMessage>;
  readonly lost: Topic<LostMessage>;
  readonly close: Topic<CloseMessage>;
  readonly resumed: Topic<StreamResumedMessage>;
  readonly parked: Topic<WatchParkedMessage>;
  readonly leaseLost: Topic<LeaseLostMessage>;
  readonly waits: Topic<CallWaitsMessage>;
} = {
  connect: topic('etcdts:connection:connect'),
  ready: topic('etcdts:connection:ready'),
  lost: topic('etcdts:connection:lost'),
  close: topic('etcdts:connection:close'),
  resumed: topic('etcdts:stream:resumed'),
  parked: topic('etcdts:watch:parked'),
  leaseLost: topic('etcdts:lease:lost'),
  waits: topic('etcdts:call:waits'),
};

function topic<Name extends keyof DiagnosticsMessages>(name: Name): Topic<DiagnosticsMessages[Name]> {
  return channel(name);
}
