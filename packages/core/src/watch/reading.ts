import { awaitAbort, ignoreAbort, type AbortWaiter } from '../abort.ts';
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

/**
 * The application's side of a watch: its registration, its unread responses, and its end. A thousand watches that nobody reads have
 * few objects each: all that only some of them need is made then.
 */
export abstract class WatchReading implements WatchStream, Pulled<WatchResponse>, ResponseSource, AbortWaiter {
  /** The header of the first registration; `undefined` before it. */
  protected header: ResponseHeader | undefined;
  /** The stack of the application's call that opened it. */
  openedAt: string | undefined;
  #creation: Creation | undefined;
  #inbox: Inbox<WatchResponse> | undefined;
  /** The application's own signal, while it can end the watch. */
  #signal: AbortSignal | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    if (signal !== undefined) awaitAbort(signal, this);
  }

  /** The bytes that all watches of the client hold. */
  protected abstract get buffers(): WatchBuffers;

  /** Called when a response was read. */
  protected abstract caughtUp(): void;

  /** Ends the server's side. Returns false if it was ended before. */
  protected abstract release(): boolean;

  get created(): Promise<ResponseHeader> {
    if (this.header !== undefined) return Promise.resolve(this.header);
    return (this.#creation ??= new Creation()).promise;
  }

  /** Whether etcd has registered the watch, on this stream or an earlier one. */
  get registered(): boolean {
    return this.header !== undefined;
  }

  next(): Promise<IteratorResult<WatchResponse, undefined>> {
    const next = this.inbox.next();
    this.caughtUp();
    return next;
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
    return this.#inbox?.bytes ?? 0;
  }

  /** The number of responses that are not read yet. */
  protected get unread(): number {
    return this.#inbox?.length ?? 0;
  }

  protected get inbox(): Inbox<WatchResponse> {
    return (this.#inbox ??= new Inbox(this.buffers));
  }

  /** Records that etcd has registered it for the first time. */
  protected registeredWith(header: ResponseHeader): void {
    this.header = header;
    this.#creation?.succeed(header);
    this.#creation = undefined;
  }

  /** Fails the watch unless etcd has registered it within this time. */
  limitCreation(clock: Clock, timeoutMs: number): void {
    (this.#creation ??= new Creation()).limit(clock, timeoutMs, (error) => this.fail(error));
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

  onAbort(reason: unknown): void {
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
    if (this.#signal !== undefined) ignoreAbort(this.#signal, this);
    this.#signal = undefined;
    if (this.header === undefined) (this.#creation ??= new Creation()).fail(uncreated);
    return true;
  }
}
