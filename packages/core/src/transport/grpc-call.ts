import { status, type StatusObject } from '@grpc/grpc-js';
import type { Channel } from '@grpc/grpc-js';
import { FRAME_PREFIX } from '../codec/codec.ts';
import type { Reach, WireCall, WireListener } from './transport.ts';

type GrpcWire = ReturnType<Channel['createCall']>;

/** One call of grpc-js, through the channel's own interface: cheaper than a generated client, and nothing in between. */
export class GrpcCall implements WireCall {
  readonly #wire: GrpcWire;
  readonly #calls: Set<GrpcCall>;
  readonly #onSettled: () => void;
  #listener: WireListener | undefined;

  constructor(wire: GrpcWire, listener: WireListener, calls: Set<GrpcCall>, onSettled: () => void) {
    this.#wire = wire;
    this.#listener = listener;
    this.#calls = calls;
    this.#onSettled = onSettled;
    calls.add(this);
  }

  send(frame: Buffer): void {
    // grpc-js writes the prefix itself.
    this.#wire.sendMessageWithContext({}, frame.subarray(FRAME_PREFIX));
  }

  halfClose(): void {
    this.#wire.halfClose();
  }

  read(): void {
    if (this.#listener !== undefined) this.#wire.startRead();
  }

  cancel(): void {
    if (this.#listener === undefined) return;
    this.#settle();
    this.#wire.cancelWithStatus(status.CANCELLED, 'cancelled');
  }

  /** Ends the call from below: its owner is told. */
  abandon(details: string): void {
    const listener = this.#listener;
    const reach = this.#reach();
    this.cancel();
    listener?.onEnd({ code: status.UNAVAILABLE, details, reach });
  }

  onReceiveMetadata(): void {}

  onReceiveMessage(message: Buffer): void {
    this.#listener?.onMessage(message);
  }

  onReceiveStatus(end: StatusObject): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    this.#settle();
    const { code, details } = end;
    const { progress } = end as { progress?: string };
    listener.onEnd({ code, details, reach: progress === 'REFUSED' ? 'refused' : this.#reach() });
  }

  /** grpc-js knows a call's peer only once it has a stream on a connection; until then nothing can have left. */
  #reach(): Reach {
    return this.#wire.getAuthContext() === null ? 'unsent' : 'sent';
  }

  #settle(): void {
    this.#listener = undefined;
    this.#calls.delete(this);
    this.#onSettled();
  }
}
