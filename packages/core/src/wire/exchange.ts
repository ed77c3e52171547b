import { onAbort } from '../abort.ts';
import { servedBy, type Call } from '../call.ts';
import { diagnostics } from '../diagnostics.ts';
import { clientClosed, withFields, type EtcdError } from '../errors.ts';
import type { Method } from '../methods.ts';
import type { Waiter } from '../transport/picker.ts';
import type { Slot } from '../transport/slot.ts';
import type { Connection, WireCall, WireListener, WireStatus } from '../transport/transport.ts';
import { deadlineError, insecureError, replyError } from './call-errors.ts';
import type { DeadlineEntry, Expiring } from './deadlines.ts';
import type { UnderWay, WireParts } from './wire-parts.ts';

/**
 * One attempt on the wire, from its begin to its one end. It waits for a connection and starts there. A status, the deadline, the
 * caller's abort or the client's close ends it, whichever comes first. The subclasses, unary calls and streams, decide what is
 * sent and how the end is reported. It is a base class because composition would cost every call one more object.
 */
export abstract class Exchange<Req, Res> implements WireListener, Waiter, Expiring, UnderWay {
  protected readonly call: Call<Method<Req, Res>>;
  protected readonly parts: WireParts;
  /** The slot on which the call was started last. */
  protected slot: Slot | undefined;
  /** The call on its connection; `undefined` before it has started there and after it has ended there. */
  protected wire: WireCall | undefined;
  /** How often the call was started on a connection. */
  protected starts = 0;
  protected ended = false;
  #deadline: DeadlineEntry | undefined;
  #stopWaiting: (() => void) | undefined;
  #ignoreAbort: (() => void) | undefined;

  constructor(call: Call<Method<Req, Res>>, parts: WireParts) {
    this.call = call;
    this.parts = parts;
  }

  /** Begins, unless the call is over already. */
  begin(): void {
    const { signal, deadline } = this.call;
    if (signal?.aborted) return this.finish(signal.reason);
    if (this.parts.closed) return this.closeNow();
    if (deadline <= this.parts.clock.now()) return this.expire();
    this.parts.underWay.add(this);
    this.#deadline = this.parts.deadlines.add(deadline, this);
    if (signal !== undefined) this.#ignoreAbort = onAbort(signal, () => this.finish(signal.reason));
    this.prepare();
  }

  /** Prepares what is needed before a connection, then connects. */
  protected prepare(): void {
    this.connect();
  }

  /** Starts on a connection that is ready, or waits for one. */
  protected connect(): void {
    const { endpoint, avoid } = this.call;
    const slot = endpoint === undefined ? this.parts.picker.pick(this.parts.clock.now(), avoid) : undefined;
    if (slot !== undefined) return this.onSlot(slot);
    if (diagnostics.waits.hasSubscribers) {
      const { label } = this.call.method;
      diagnostics.waits.publish({ for: 'connection', method: label, ...(endpoint !== undefined && { endpoint }) });
    }
    try {
      this.#stopWaiting = this.parts.picker.wait(endpoint, this);
    } catch (error) {
      this.finish(error);
    }
  }

  get avoid(): readonly string[] | undefined {
    return this.call.avoid;
  }

  onSlot(slot: Slot): void {
    const connection = slot.ready;
    if (this.ended || connection === undefined) return;
    if (this.call.confidential && !slot.confidential) {
      return this.finish(insecureError(this.call.method, slot.endpoint.address, this.starts));
    }
    this.slot = slot;
    this.call.context.set(servedBy, slot.endpoint.address);
    this.starts++;
    try {
      this.start(connection, slot);
    } catch (error) {
      this.finish(error);
    }
  }

  /** Starts the call on a connection and sends its messages. An error that it throws ends the call. */
  protected abstract start(connection: Connection, slot: Slot): void;

  abstract onMessage(message: Buffer): void;
  abstract onEnd(status: WireStatus): void;

  onFailure(error: EtcdError): void {
    this.finish(withFields(error, { method: this.call.method.label, attempts: Math.max(this.starts, 1) }));
  }

  expire(): void {
    const sent = this.wire !== undefined && (this.wire.unsent ?? true);
    this.finish(deadlineError(this.call.method, sent, this.slot?.endpoint.address, this.starts));
  }

  closeNow(): void {
    const maybe = this.wire !== undefined && this.wire.unsent === undefined && this.call.method.safety === 'write';
    this.finish(clientClosed(this.call.method.label, maybe ? 'unknown' : 'not-applied'));
  }

  /** The error of an answer that breaks the protocol. */
  protected replyError(reason: string, cause?: unknown): EtcdError {
    return replyError(this.call.method, reason, this.slot?.endpoint.address, this.starts, cause);
  }

  /** Ends the call with a failure, unless it has ended. */
  protected finish(reason: unknown): void {
    if (this.ended) return;
    this.release();
    this.fail(reason);
  }

  /** Releases all that the call holds, because it has ended. */
  protected release(): void {
    this.ended = true;
    this.parts.underWay.delete(this);
    this.parts.deadlines.remove(this.#deadline);
    this.#stopWaiting?.();
    this.#ignoreAbort?.();
    this.wire?.cancel();
    this.leave(false);
  }

  /** Leaves the slot, if the call is on one. `answered` is true if a status of the peer or of the connection has ended the call. */
  protected abstract leave(answered: boolean): void;

  /** Reports to the caller why the call has ended. Called once, after `release`. */
  protected abstract fail(reason: unknown): void;
}
