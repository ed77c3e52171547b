import { onAbort } from '../abort.ts';
import type { Call } from '../call.ts';
import type { Clock } from '../clock.ts';
import { FRAME_PREFIX } from '../codec/codec.ts';
import { EtcdError, clientClosed, withFields } from '../errors.ts';
import type { Method } from '../methods.ts';
import type { ClientStats } from '../stats.ts';
import type { Picker, Waiter } from '../transport/picker.ts';
import type { Slot } from '../transport/slot.ts';
import { deadlineError, insecureError, methodName, replyError, statusError } from '../transport/status.ts';
import type { Connection, WireCall, WireListener, WireStatus } from '../transport/transport.ts';
import type { DeadlineEntry, Deadlines, Expiring } from './deadlines.ts';

/** What calls go over the wire with; one for all calls of a client. */
export interface WireParts {
  /** One object for all clients over the same connections. */
  readonly connections: object;
  /** What the client is doing now: for interceptors. */
  readonly stats: () => ClientStats;
  readonly picker: Picker;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  readonly maxSendBytes: number;
  /** The deadline of a unary call that names none. */
  readonly requestTimeoutMs: number;
  /** Everything under way, to be ended by `close()`. */
  readonly underWay: Set<UnderWay>;
  /** Whether the client was closed: nothing begins any more. */
  closed: boolean;
}

/** A call or stream under way. */
export interface UnderWay {
  /** Ends it because its client was closed. */
  closeNow(): void;
}

/** How often a request that provably never reached etcd is sent again at once, on another connection if there is one. */
const RESENDS = 3;

/**
 * One unary call on the wire: it waits for a connection, sends, and settles once: by the reply, an error, the deadline, the
 * caller's abort or the client's close, whichever comes first. A request that provably was not processed (its connection
 * was lost before it left, or the peer refused the stream) is sent again, as gRPC's transparent retry does, writes included.
 */
export class UnaryExchange<Req, Res> implements WireListener, Waiter, Expiring, UnderWay {
  readonly #call: Call<Method<Req, Res>>;
  readonly #parts: WireParts;
  readonly #resolve: (response: Res) => void;
  readonly #reject: (reason: unknown) => void;
  #frame: Buffer | undefined;
  #deadline: DeadlineEntry | undefined;
  #stopWaiting: (() => void) | undefined;
  #wire: WireCall | undefined;
  #slot: Slot | undefined;
  #connection: Connection | undefined;
  #message: Buffer | undefined;
  #sends = 0;
  #settled = false;
  #ignoreAbort: (() => void) | undefined;

  constructor(
    call: Call<Method<Req, Res>>,
    parts: WireParts,
    resolve: (response: Res) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#call = call;
    this.#parts = parts;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(): void {
    const { signal, deadline, method, request } = this.#call;
    if (signal?.aborted) return this.#reject(signal.reason);
    if (this.#parts.closed) return this.#reject(clientClosed(methodName(method)));
    if (deadline <= this.#parts.clock.now()) return this.expire();
    this.#parts.underWay.add(this);
    this.#deadline = this.#parts.deadlines.add(deadline, this);
    if (signal !== undefined) this.#ignoreAbort = onAbort(signal, () => this.#fail(signal.reason));
    if (method.codec.load === undefined) return this.#encode(request);
    method.codec.load().then(
      () => this.#encode(request),
      (cause: unknown) => this.#fail(cause),
    );
  }

  #encode(request: Req): void {
    if (this.#settled) return;
    try {
      this.#frame = encodeFrame(this.#call.method, request, this.#parts.maxSendBytes);
    } catch (error) {
      return this.#fail(error);
    }
    this.#dispatch();
  }

  #dispatch(): void {
    const { endpoint, avoid } = this.#call;
    const slot = endpoint === undefined ? this.#parts.picker.pick(this.#parts.clock.now(), avoid) : undefined;
    if (slot !== undefined) return this.onSlot(slot);
    try {
      this.#stopWaiting = this.#parts.picker.wait(endpoint, this);
    } catch (error) {
      this.#fail(error);
    }
  }

  get avoid(): readonly string[] | undefined {
    return this.#call.avoid;
  }

  onSlot(slot: Slot): void {
    const connection = slot.ready;
    if (this.#settled || connection === undefined) return;
    if (this.#call.confidential && !slot.confidential) {
      return this.#fail(insecureError(this.#call.method, slot.endpoint.address, this.#sends));
    }
    this.#slot = slot;
    this.#connection = connection;
    this.#sends++;
    try {
      const wire = connection.start(this.#call.method.path, this.#call.metadata, this);
      this.#wire = wire;
      slot.callSent(this.#parts.clock.now());
      wire.send(this.#frame as Buffer);
      wire.halfClose();
      wire.read();
    } catch (error) {
      this.#fail(error);
    }
  }

  onFailure(error: EtcdError): void {
    this.#fail(withFields(error, { method: methodName(this.#call.method), attempts: Math.max(this.#sends, 1) }));
  }

  onMessage(message: Buffer): void {
    if (this.#message !== undefined) {
      return this.#fail(this.#replyError('a unary call was answered with more than one message'));
    }
    this.#message = message;
    // grpc-js gives the status only to somebody who asks for more; a second message would be a lie and is met above.
    this.#wire?.read();
  }

  onEnd(status: WireStatus): void {
    this.#left(true);
    const address = this.#slot?.endpoint.address;
    this.#slot = undefined;
    if (this.#settled) return;
    if (status.code !== 0) {
      if (status.reach !== 'sent' && this.#sends <= RESENDS) return this.#dispatch();
      return this.#fail(statusError(this.#call.method, status, address, this.#sends));
    }
    if (this.#message === undefined)
      return this.#fail(this.#replyError('a unary call was ended without a message', address));
    let response: Res;
    try {
      response = this.#call.method.codec.decodeResponse(this.#message);
    } catch (cause) {
      return this.#fail(this.#replyError(`the reply cannot be decoded: ${(cause as Error).message}`, address, cause));
    }
    this.#settle();
    this.#resolve(response);
  }

  expire(): void {
    this.#fail(deadlineError(this.#call.method, this.#wire !== undefined, this.#slot?.endpoint.address, this.#sends));
  }

  closeNow(): void {
    const maybe = this.#wire !== undefined && this.#call.method.safety === 'write';
    this.#fail(clientClosed(methodName(this.#call.method), maybe ? 'unknown' : 'not-applied'));
  }

  #replyError(reason: string, address: string | undefined = this.#slot?.endpoint.address, cause?: unknown): EtcdError {
    return replyError(this.#call.method, reason, address, this.#sends, cause);
  }

  #fail(reason: unknown): void {
    if (this.#settled) return;
    this.#settle();
    this.#reject(reason);
  }

  #settle(): void {
    this.#settled = true;
    this.#parts.underWay.delete(this);
    this.#parts.deadlines.remove(this.#deadline);
    this.#stopWaiting?.();
    this.#ignoreAbort?.();
    this.#wire?.cancel();
    this.#left(false);
  }

  #left(answered: boolean): void {
    if (this.#wire === undefined) return;
    this.#wire = undefined;
    this.#slot?.callEnded(this.#connection as Connection, this.#parts.clock.now(), answered);
  }
}

/** Encodes a request into a frame; one that is larger than the limit is refused, and was never sent. */
export function encodeFrame<Req, Res>(method: Method<Req, Res>, request: Req, maxSendBytes: number): Buffer {
  const frame = method.codec.encodeRequest(request);
  const size = frame.length - FRAME_PREFIX;
  if (size > maxSendBytes) {
    throw new EtcdError({
      code: 'RESOURCE_EXHAUSTED',
      grpcCode: 8,
      message: `the request is ${size} bytes, more than maxSendBytes (${maxSendBytes})`,
      outcome: 'not-applied',
      method: methodName(method),
    });
  }
  return frame;
}
