import type { Call, ClientStream } from '../call.ts';
import type { EtcdError } from '../errors.ts';
import type { Method } from '../methods.ts';
import type { Resident, Slot } from '../transport/slot.ts';
import type { Connection, WireCall, WireStatus } from '../transport/transport.ts';
import { statusError } from './call-errors.ts';
import { Exchange } from './exchange.ts';
import { encodeFrame } from './frame.ts';
import { MessageQueue } from './message-queue.ts';
import type { WireParts } from './wire-parts.ts';

/** One stream on the wire. It connects in the background, keeps what is sent until then, and ends once. */
export class StreamCall<Req, Res> extends Exchange<Req, Res> implements ClientStream<Req, Res>, Resident {
  readonly #queue: MessageQueue<Res>;
  #unsent: Req[] = [];
  #sendsEnded = false;
  #wanted = 0;

  /** Begins at once. */
  constructor(call: Call<Method<Req, Res>>, parts: WireParts) {
    super(call, parts);
    this.#queue = new MessageQueue({ pull: () => this.#pull(), leave: () => this.cancel() });
    if (call.method.kind === 'serverStream') {
      this.send(call.request);
      this.end();
    }
    this.begin();
  }

  send(message: Req): void {
    if (this.ended || this.#sendsEnded) return;
    if (this.wire === undefined) this.#unsent.push(message);
    else this.#write(this.wire, message);
  }

  end(): void {
    if (this.#sendsEnded) return;
    this.#sendsEnded = true;
    this.wire?.halfClose();
  }

  cancel(reason?: unknown): void {
    this.finish(reason);
  }

  forEach(onMessage: (message: Res) => void): Promise<void> {
    return this.#queue.forEach(onMessage);
  }

  [Symbol.asyncIterator](): AsyncIterator<Res> {
    return this.#queue[Symbol.asyncIterator]();
  }

  protected start(connection: Connection, slot: Slot): void {
    slot.residents.add(this);
    const wire = connection.start(this.call.method.path, this.call.metadata, this);
    this.wire = wire;
    for (const message of this.#unsent) if (!this.ended) this.#write(wire, message);
    this.#unsent = [];
    // A message that cannot be sent has ended the stream.
    if (this.ended) return;
    if (this.#sendsEnded) wire.halfClose();
    for (; this.#wanted > 0; this.#wanted--) wire.read();
  }

  onMessage(bytes: Buffer): void {
    let message: Res;
    try {
      message = this.call.method.codec.decodeResponse(bytes);
    } catch (cause) {
      const reason = `a message of the stream cannot be decoded: ${(cause as Error).message}`;
      return this.finish(this.replyError(reason, cause));
    }
    this.#queue.push(message);
  }

  onEnd(status: WireStatus): void {
    this.wire = undefined;
    this.finish(status.code === 0 ? undefined : this.#statusError(status));
  }

  /** Ends the stream because its endpoint is removed. It can be opened at another one. */
  evict(reason: string): void {
    this.finish(this.#statusError({ code: 14, details: reason, reach: 'sent' }));
  }

  protected leave(): void {
    this.wire = undefined;
    this.#unsent = [];
    this.slot?.residents.delete(this);
  }

  protected fail(reason: unknown): void {
    if (reason === undefined) this.#queue.end();
    else this.#queue.fail(reason);
  }

  #statusError(status: WireStatus): EtcdError {
    return statusError(this.call.method, status, this.slot?.endpoint.address, this.starts);
  }

  #write(wire: WireCall, message: Req): void {
    let frame: Buffer;
    try {
      frame = encodeFrame(this.call.method, message, this.parts.maxSendBytes);
    } catch (error) {
      return this.finish(error);
    }
    wire.send(frame);
  }

  #pull(): void {
    if (this.wire === undefined) this.#wanted++;
    else this.wire.read();
  }
}
