import {
  Channel,
  type ChannelCredentials,
  connectivityState,
  type ChannelOptions,
  type Metadata as GrpcMetadata,
} from '@grpc/grpc-js';
import type { Metadata } from '../../metadata.ts';
import { explainFailure } from '../connect-failure.ts';
import { authorityOf, type Endpoint } from '../endpoints.ts';
import { tlsConnectOptions } from '../tls.ts';
import type {
  ConnectFailure,
  Connection,
  ConnectionObserver,
  ConnectionOptions,
  WireCall,
  WireListener,
} from '../transport.ts';
import { plainCredentials, tlsCredentials } from './credentials.ts';
import { GrpcCall } from './grpc-call.ts';
import { grpcMetadata } from './grpc-metadata.ts';
import { targetOf } from './resolver.ts';
import { sessionOf } from './session.ts';
import { StreamQueue } from './stream-queue.ts';

/** The HTTP/2 window in bytes. A large range then does not wait for window updates; more would only cost memory. */
const FLOW_CONTROL_WINDOW = 1 << 20;

/** The error code of a connection that ends in peace (RFC 9113, 7). */
const NO_ERROR = 0;
const DISMISSED: ConnectFailure = { details: 'the peer ends the connection', tls: false, graceful: true };

/** One connection over grpc-js: a channel to one address, with a subchannel pool of its own. */
export class GrpcConnection implements Connection {
  readonly endpoint: Endpoint;
  readonly #options: ConnectionOptions;
  readonly #peeked: Set<string>;
  readonly #socket: AbortController = new AbortController();
  readonly #calls: Set<GrpcCall> = new Set();
  #channel: Channel | undefined;
  #observer: ConnectionObserver | undefined;
  /** Whether the peer has accepted a connection. */
  #reached = false;
  #tlsError: Error | undefined;
  #stopExplaining: (() => void) | undefined;
  #ready = false;
  /** Whether the peer has announced that it takes no more calls, with no error. */
  #dismissed = false;
  #closing = false;
  readonly #queue: StreamQueue = new StreamQueue({
    open: () => this.#calls.size,
    onCrowded: (limit) => this.#observer?.onCrowded(limit),
  });
  readonly #onSettled = (): void => {
    this.#queue.advance();
    this.#drained();
  };

  /** `peeked` is shared by the connections of a transport, see {@link explainFailure}. */
  constructor(endpoint: Endpoint, options: ConnectionOptions, peeked: Set<string>) {
    this.endpoint = endpoint;
    this.#options = options;
    this.#peeked = peeked;
  }

  connect(observer: ConnectionObserver): void {
    this.#observer = observer;
    const { target, options } = targetOf(this.endpoint, this.#socket.signal);
    this.#channel = new Channel(target, this.#credentials(), {
      ...channelOptions(this.endpoint, this.#options),
      ...options,
    });
    this.#channel.getConnectivityState(true);
    this.#follow(this.#channel);
  }

  start(path: string, metadata: Metadata, listener: WireListener, request?: Buffer): WireCall {
    const headers = grpcMetadata(metadata);
    if (!this.#queue.full) return this.#begin(path, headers, listener, request);
    return this.#queue.add(listener, () => this.#begin(path, headers, listener, request));
  }

  close(now: boolean): void {
    this.#closing = true;
    this.#observer = undefined;
    this.#stopExplaining?.();
    this.#queue.dismiss('the connection was closed');
    if (now) for (const call of [...this.#calls]) call.abandon('the connection was closed');
    this.#drained();
  }

  #begin(path: string, headers: GrpcMetadata, listener: WireListener, request: Buffer | undefined): GrpcCall {
    const wire = (this.#channel as Channel).createCall(path, Infinity, null, null, null);
    const call = new GrpcCall(wire, listener, this.#calls, this.#onSettled);
    wire.start(headers, call);
    if (request !== undefined) call.sendWhole(request);
    return call;
  }

  #credentials(): ChannelCredentials {
    if (!this.endpoint.secure) return plainCredentials(() => (this.#reached = true));
    return tlsCredentials(tlsConnectOptions(this.endpoint, this.#options.tls), (error) => {
      this.#reached = true;
      this.#tlsError = error;
    });
  }

  #follow(channel: Channel): void {
    if (this.#observer === undefined) return;
    const state = channel.getConnectivityState(false);
    if (state === connectivityState.READY && !this.#ready) {
      this.#ready = true;
      // grpc-js reports the state before it stores the session, from which the limit of streams is read.
      queueMicrotask(() => this.#stands(channel));
    } else if (state === connectivityState.TRANSIENT_FAILURE) {
      return this.#explain(channel);
    } else if (this.#ready && state !== connectivityState.READY) {
      return this.#lost(this.#dismissed ? DISMISSED : { details: 'the connection was lost', tls: false });
    }
    if (this.#observer !== undefined) channel.watchConnectivityState(state, Infinity, () => this.#follow(channel));
  }

  #stands(channel: Channel): void {
    if (this.#observer === undefined) return;
    const session = sessionOf(channel);
    if (session !== undefined) {
      this.#queue.limit = () => session.remoteSettings.maxConcurrentStreams ?? Infinity;
      // Before the listener of grpc-js, which reports the loss.
      session.prependOnceListener('goaway', (code) => (this.#dismissed = code === NO_ERROR));
    }
    this.#observer.onReady();
  }

  /** Finds out why a connection failed. grpc-js reports that only to a call; this call cannot leave, as there is no connection. */
  #explain(channel: Channel): void {
    const probe = channel.createCall('/etcdts/WhyNot', Infinity, null, null, null);
    probe.start(grpcMetadata({}), {
      onReceiveMetadata() {},
      onReceiveMessage() {},
      onReceiveStatus: ({ details }) => this.#failed(details),
    });
  }

  #failed(text: string): void {
    if (this.#observer === undefined) return;
    // Otherwise the channel would connect again meanwhile.
    this.#closing = true;
    this.#drained();
    const attempt = {
      endpoint: this.endpoint,
      reached: this.#reached,
      tlsError: this.#tlsError,
      details: reasonIn(text),
    };
    this.#stopExplaining = explainFailure(attempt, this.#peeked, (failure) => this.#lost(failure));
  }

  #lost(failure: ConnectFailure): void {
    const observer = this.#observer;
    this.#observer = undefined;
    this.#closing = true;
    this.#queue.dismiss(failure.details);
    this.#drained();
    observer?.onLost(failure);
  }

  /** Closes the channel and its socket once nothing uses them. */
  #drained(): void {
    if (!this.#closing || this.#calls.size > 0 || this.#channel === undefined) return;
    this.#channel.close();
    this.#channel = undefined;
    this.#socket.abort();
  }
}

/** The reason of the last attempt, taken from grpc-js's description of a channel that is not connected. */
function reasonIn(text: string): string {
  const reason = /Last error: (?:Error: )?(.*?)(?:\. Resolution note: .*)?$/s.exec(text)?.[1] ?? text;
  const undated = reason.replace(/ \(\d{4}-\d\d-\d\dT[\d:.]+Z\)$/, '');
  // This is grpc-js's text for a peer that closes at once.
  return undated === 'Failed to connect' ? 'the peer closed the connection before it sent HTTP/2 settings' : undated;
}

function channelOptions(endpoint: Endpoint, options: ConnectionOptions): ChannelOptions {
  return {
    'grpc.default_authority': authorityOf(endpoint),
    'grpc.primary_user_agent': 'etcdts',
    // Each channel has its own pool, so that it never uses a stuck or differently configured connection of another client.
    'grpc.use_local_subchannel_pool': 1,
    // The floors above decide whether a call is repeated, by its outcome.
    'grpc.enable_retries': 0,
    // Nothing is kept for a repetition, so that a message counts as written when it is, not when it is kept.
    'grpc.per_rpc_retry_buffer_size': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_channelz': 0,
    'grpc.enable_http_proxy': 0,
    'grpc.max_receive_message_length': options.maxReceiveBytes,
    'grpc.max_send_message_length': -1,
    'grpc-node.flow_control_window': FLOW_CONTROL_WINDOW,
    ...(options.keepalive && {
      'grpc.keepalive_time_ms': options.keepalive.timeMs,
      'grpc.keepalive_timeout_ms': options.keepalive.timeoutMs,
      'grpc.keepalive_permit_without_calls': options.keepalive.permitWithoutCalls ? 1 : 0,
    }),
  };
}
