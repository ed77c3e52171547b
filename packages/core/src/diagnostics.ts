// What a client publishes on node:diagnostics_channel: plain data, without keys, values, tokens and passwords.
import { channel } from 'node:diagnostics_channel';
import type { EtcdErrorCode } from './error-codes.ts';

/** A connection is being made (`etcdts:connection:connect`). */
export interface ConnectMessage {
  readonly endpoint: string;
  /** Attempts in a row that have failed before this one. */
  readonly failures: number;
}

/** A connection stands, and takes calls (`etcdts:connection:ready`). */
export interface ReadyMessage {
  readonly endpoint: string;
  /** How long it took to connect, `tls.load` included, in milliseconds. */
  readonly durationMs: number;
}

/** A connection was lost, or could not be made (`etcdts:connection:lost`). */
export interface LostMessage {
  readonly endpoint: string;
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
  readonly endpoint: string;
  /** Whether it stood. */
  readonly connected: boolean;
  /** How long it stood, or was tried for, in milliseconds. */
  readonly durationMs: number;
}

/** The watches or keepalives of a stream that was lost go on, on another one (`etcdts:stream:resumed`). */
export interface StreamResumedMessage {
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
  readonly id: bigint;
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
  'etcdts:connection:connect': ConnectMessage;
  'etcdts:connection:ready': ReadyMessage;
  'etcdts:connection:lost': LostMessage;
  'etcdts:connection:close': CloseMessage;
  'etcdts:stream:resumed': StreamResumedMessage;
  'etcdts:watch:parked': WatchParkedMessage;
  'etcdts:lease:lost': LeaseLostMessage;
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
