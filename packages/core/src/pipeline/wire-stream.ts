import { onAbort } from '../abort.ts';
import type { Call, ClientStream } from '../call.ts';
import { clientClosed, withFields, type EtcdError } from '../errors.ts';
import type { Method } from '../methods.ts';
import type { Waiter } from '../transport/picker.ts';
import type { Resident, Slot } from '../transport/slot.ts';
import { deadlineError, insecureError, methodName, replyError, statusError } from '../transport/status.ts';
import type { WireCall, WireListener, WireStatus } from '../transport/transport.ts';
import type { DeadlineEntry, Expiring } from './deadlines.ts';
import { MessageQueue } from './message-queue.ts';
import { encodeFrame, type UnderWay, type WireParts } from './unary-exchange.ts';

/** One stream on the wire: it connects in the background, keeps what is sent until then, and ends once. */
export class WireStream<Req, Res>
  implements ClientStream<Req, Res>, WireListener, Waiter, Expiring, UnderWay, Resident
{
  readonly #call: Call<Method<Req, Res>>;
  readonly #parts: WireParts;
  readonly #queue: MessageQueue<Res>;
  #deadline: DeadlineEntry | undefined;
  #ignoreAbort: (() => void) | undefined;
  #stopWaiting: (() => void) | undefined;
  #slot: Slot | undefined;
  #wire: WireCall | undefined;
  #unsent: Req[] = [];
  #sendsEnded = false;
  #wanted = 0;
  #ended = false;

  constructor(call: Call<Method<Req, Res>>, parts: WireParts) {
    this.#call = call;
    this.#parts = parts;
    this.#queue = new MessageQueue({ pull: () => this.#pull(), leave: () => this.cancel() });
    const { signal } = call;
    if (signal?.aborted || parts.closed) {
      this.#ended = true;
      this.#queue.fail(signal?.aborted ? signal.reason : clientClosed(methodName(call.method)));
      return;
    }
    parts.underWay.add(this);
    this.#deadline = parts.deadlines.add(call.deadline, this);
    if (signal !== undefined) this.#ignoreAbort = onAbort(signal, () => this.cancel(signal.reason));
    if (call.method.kind === 'serverStream') {
      this.send(call.request);
      this.end();
    }
    const load = call.method.codec.load?.();
    if (load === undefined) this.#connect();
    else
      load.then(
        () => this.#connect(),
        (cause: unknown) => this.#finish(cause),
      );
  }

  send(message: Req): void {
    if (this.#ended || this.#sendsEnded) return;
    if (this.#wire === undefined) this.#unsent.push(message);
    else this.#write(this.#wire, message);
  }

  end(): void {
    if (this.#sendsEnded) return;
    this.#sendsEnded = true;
    this.#wire?.halfClose();
  }

  cancel(reason?: unknown): void {
    this.#finish(reason);
  }

  forEach(onMessage: (message: Res) => void): Promise<void> {
    return this.#queue.forEach(onMessage);
  }

  [Symbol.asyncIterator](): AsyncIterator<Res> {
    return this.#queue[Symbol.asyncIterator]();
  }

  get avoid(): readonly string[] | undefined {
    return this.#call.avoid;
  }

  onSlot(slot: Slot): void {
    const connection = slot.ready;
    if (this.#ended || connection === undefined) return;
    if (this.#call.confidential && !slot.confidential) {
      return this.#finish(insecureError(this.#call.method, slot.endpoint.address, 0));
    }
    this.#slot = slot;
    slot.residents.add(this);
    try {
      const wire = connection.start(this.#call.method.path, this.#call.metadata, this);
      this.#wire = wire;
      for (const message of this.#unsent) if (!this.#ended) this.#write(wire, message);
      this.#unsent = [];
      // A message that cannot be sent has ended the stream.
      if (this.#ended) return;
      if (this.#sendsEnded) wire.halfClose();
      for (; this.#wanted > 0; this.#wanted--) wire.read();
    } catch (error) {
      this.#finish(error);
    }
  }

  onFailure(error: EtcdError): void {
    this.#finish(withFields(error, { method: methodName(this.#call.method), attempts: 1 }));
  }

  onMessage(bytes: Buffer): void {
    let message: Res;
    try {
      message = this.#call.method.codec.decodeResponse(bytes);
    } catch (cause) {
      const reason = `a message of the stream cannot be decoded: ${(cause as Error).message}`;
      return this.#finish(replyError(this.#call.method, reason, this.#slot?.endpoint.address, 1, cause));
    }
    this.#queue.push(message);
  }

  onEnd(status: WireStatus): void {
    this.#wire = undefined;
    const address = this.#slot?.endpoint.address;
    if (status.code === 0) this.#finish(undefined);
    else this.#finish(statusError(this.#call.method, status, address, 1));
  }

  expire(): void {
    this.#finish(deadlineError(this.#call.method, this.#wire !== undefined, this.#slot?.endpoint.address, 1));
  }

  closeNow(): void {
    this.#finish(clientClosed(methodName(this.#call.method)));
  }

  evict(reason: string): void {
    this.#finish(
      statusError(this.#call.method, { code: 14, details: reason, reach: 'sent' }, this.#slot?.endpoint.address, 1),
    );
  }

  #connect(): void {
    if (this.#ended) return;
    const { endpoint, avoid } = this.#call;
    const slot = endpoint === undefined ? this.#parts.picker.pick(this.#parts.clock.now(), avoid) : undefined;
    if (slot !== undefined) return this.onSlot(slot);
    try {
      this.#stopWaiting = this.#parts.picker.wait(endpoint, this);
    } catch (error) {
      this.#finish(error);
    }
  }

  #write(wire: WireCall, message: Req): void {
    let frame: Buffer;
    try {
      frame = encodeFrame(this.#call.method, message, this.#parts.maxSendBytes);
    } catch (error) {
      return this.#finish(error);
    }
    wire.send(frame);
  }

  #pull(): void {
    if (this.#wire === undefined) this.#wanted++;
    else this.#wire.read();
  }

  #finish(reason: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#unsent = [];
    this.#parts.underWay.delete(this);
    this.#parts.deadlines.remove(this.#deadline);
    this.#stopWaiting?.();
    this.#slot?.residents.delete(this);
    this.#ignoreAbort?.();
    this.#wire?.cancel();
    this.#wire = undefined;
    if (reason === undefined) this.#queue.end();
    else this.#queue.fail(reason);
  }
}
