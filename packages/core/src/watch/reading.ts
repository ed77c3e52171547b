import { onAbort } from '../abort.ts';
import { failedAt } from '../call-site.ts';
import type { Clock } from '../clock.ts';
import { clientClosed, isEtcdError } from '../errors.ts';
import { Inbox, Iteration, type Failure, type Pulled, type Reader } from '../inbox.ts';
import type { ResponseHeader, WatchEvent } from '../messages.ts';
import type { WatchBuffers } from './buffers.ts';
import { Creation } from './creation.ts';
import { WatchEvents, type ResponseSource } from './events.ts';
import type { WatchResponse, WatchStream } from './service.ts';
import { cancelled, secondWatchReader } from './watch-errors.ts';
import { methods } from '../methods.ts';

/** The application's side of a watch: its registration, its unread responses, and its end. */
export abstract class WatchReading implements WatchStream, Pulled<WatchResponse>, ResponseSource {
  protected readonly inbox: Inbox<WatchResponse>;
  protected readonly creation: Creation = new Creation();
  /** The stack of the application's call that opened it. */
  openedAt: string | undefined;
  #ignoreAbort: (() => void) | undefined;

  constructor(signal: AbortSignal | undefined, buffers: WatchBuffers) {
    this.inbox = new Inbox(buffers);
    if (signal !== undefined) this.#ignoreAbort = onAbort(signal, () => this.#aborted(signal.reason));
  }

  /** Called when a response was read. */
  protected abstract caughtUp(): void;

  /** Ends the server's side. Returns false if it was ended before. */
  protected abstract release(): boolean;

  get created(): Promise<ResponseHeader> {
    return this.creation.promise;
  }

  /** Whether etcd has registered the watch, on this stream or an earlier one. */
  get registered(): boolean {
    return this.creation.header !== undefined;
  }

  next(): Promise<IteratorResult<WatchResponse, undefined>> {
    return new Promise((resolve, reject) => this.read({ resolve, reject }));
  }

  read(reader: Reader<WatchResponse>): void {
    this.inbox.read(reader);
    this.caughtUp();
  }

  async return(): Promise<IteratorResult<WatchResponse, undefined>> {
    await this.cancel();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<WatchResponse, undefined> {
    this.inbox.claim(secondWatchReader);
    return new Iteration(this);
  }

  events(): AsyncIterable<WatchEvent> {
    this.inbox.claim(secondWatchReader);
    return new WatchEvents(this);
  }

  async cancel(): Promise<void> {
    this.#stop(cancelled());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cancel();
  }

  /** Bytes of the responses that are not read yet. */
  get bufferedBytes(): number {
    return this.inbox.bytes;
  }

  /** Fails the watch unless etcd has registered it within this time. */
  limitCreation(clock: Clock, timeoutMs: number): void {
    this.creation.limit(clock, timeoutMs, (error) => this.fail(error));
  }

  /** Ends the watch with an error, after the unread responses. */
  fail(error: unknown): void {
    const reason = failedAt(error, this.openedAt);
    if (this.#end(reason)) this.inbox.finish({ reason });
  }

  /** Ends the watch without an error, because the client is closed. */
  close(): void {
    this.#stop(clientClosed(methods.watch.label));
  }

  #aborted(reason: unknown): void {
    // A wrapped client that is disposed of ends its watches with this reason.
    this.#stop(reason, isEtcdError(reason, 'CLIENT_CLOSED') ? undefined : { reason });
  }

  #stop(uncreated: unknown, failure?: Failure): void {
    this.#end(failedAt(uncreated, this.openedAt));
    // Unread responses are dropped even after the end.
    this.inbox.stop(failure);
  }

  #end(uncreated: unknown): boolean {
    if (!this.release()) return false;
    this.#ignoreAbort?.();
    this.creation.fail(uncreated);
    return true;
  }
}
