import type { Caller } from '../member.ts';
import type { StatusError } from '../status.ts';

/** Answers a call with one response. Throws a StatusError to refuse it. */
export type UnaryHandler = (request: never, caller: Caller) => object;

/** Answers a call with one response, later. `ended` aborts if the call is over before: cancelled, past its deadline or cut off. */
export type WaitingHandler = (request: never, caller: Caller, ended: AbortSignal) => Promise<object>;

/** Answers a call with many responses. `sizeOf` returns the size of one in bytes. */
export type PartsHandler = (request: never, caller: Caller, sizeOf: (response: object) => number) => Iterable<object>;

/** The client's side of a stream. */
export interface Peer<Res extends object> {
  readonly caller: Caller;
  /** Whether too much waits to be read. `drain` is called when that is over. */
  readonly congested: boolean;
  send(response: Res): void;
  sizeOf(response: Res): number;
  /** Ends the stream, with an error or without one. */
  end(error?: StatusError): void;
}

/** The functions that a stream calls. */
export interface StreamListener {
  message(request: never): void;
  /** Called when the client sends no more messages. */
  end?(): void;
  drain?(): void;
  /** Called when the stream is over. */
  close?(): void;
}

/** Accepts a stream. That of a call with only one request gets it as its only message. */
export type StreamHandler = (peer: Peer<never>) => StreamListener;

/** The RPCs of one service by name, such as `KV.Put`. */
export interface Handlers {
  readonly unary?: Readonly<Record<string, UnaryHandler>>;
  readonly waiting?: Readonly<Record<string, WaitingHandler>>;
  readonly parts?: Readonly<Record<string, PartsHandler>>;
  readonly streams?: Readonly<Record<string, StreamHandler>>;
}
