import type { Caller } from '../member.ts';
import type { StatusError } from '../status.ts';

/** Answers a call with one response; throws a StatusError to refuse it. */
export type UnaryHandler = (request: never, caller: Caller) => object;

/** Answers a call with many responses; `sizeOf` tells the bytes of one. */
export type PartsHandler = (request: never, caller: Caller, sizeOf: (response: object) => number) => Iterable<object>;

/** The client's side of a stream. */
export interface Peer<Res extends object> {
  readonly caller: Caller;
  /** More is waiting to be read than ought to; `drain` tells when that is over. */
  readonly congested: boolean;
  send(response: Res): void;
  sizeOf(response: Res): number;
  /** Ends the stream, with an error or without. */
  end(error?: StatusError): void;
}

/** What happens on a stream. */
export interface StreamListener {
  message(request: never): void;
  /** The client sends no more. */
  end?(): void;
  drain?(): void;
  /** The stream is over. */
  close?(): void;
}

/** Takes a stream up. */
export type StreamHandler = (peer: Peer<never>) => StreamListener;

/** The RPCs of one service by name, as `KV.Put`. */
export interface Handlers {
  readonly unary?: Readonly<Record<string, UnaryHandler>>;
  readonly parts?: Readonly<Record<string, PartsHandler>>;
  readonly streams?: Readonly<Record<string, StreamHandler>>;
}
