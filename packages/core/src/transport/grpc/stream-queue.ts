import type { WireCall, WireListener } from '../transport.ts';

const LOOK_EVERY_MS = 500;

/** What a queue needs of its connection. */
export interface QueueOwner {
  /** How many streams are open. */
  open(): number;
  /** Called when the first call waits, because the peer allows only `limit` streams at a time. */
  onCrowded(limit: number): void;
}

/** Calls that wait until the peer allows one more stream, in the order in which they came. Nothing of them has left. */
export class StreamQueue {
  readonly #owner: QueueOwner;
  readonly #waiting: Set<WaitingCall> = new Set();
  /** How many streams the peer allows now. Infinity if that cannot be seen: calls beyond wait inside of Node and count as sent. */
  limit: () => number = () => Infinity;
  #advancing = false;
  /** Checks from time to time whether the peer allows more. grpc-js removes the listener of the event by which Node reports it. */
  #look: NodeJS.Timeout | undefined;

  constructor(owner: QueueOwner) {
    this.#owner = owner;
  }

  /** Whether a new call has to wait. */
  get full(): boolean {
    return this.#waiting.size > 0 || this.#owner.open() >= this.limit();
  }

  /** Adds a call that waits; `begin` starts it. */
  add(listener: WireListener, begin: () => WireCall): WireCall {
    const why = (): string => `the call waits for a stream: the peer allows ${this.limit()} at a time`;
    const call = new WaitingCall(listener, begin, why, () => this.#remove(call));
    this.#waiting.add(call);
    if (this.#waiting.size > 1) return call;
    this.#look = setInterval(() => this.advance(), LOOK_EVERY_MS).unref();
    this.#owner.onCrowded(this.limit());
    return call;
  }

  /** Called when a stream has ended. Another call may begin once the end of this one is handled. */
  advance(): void {
    if (this.#advancing || this.#waiting.size === 0) return;
    this.#advancing = true;
    queueMicrotask(() => {
      this.#advancing = false;
      for (const call of this.#waiting) {
        if (this.#owner.open() >= this.limit()) return;
        this.#remove(call);
        call.begin();
      }
    });
  }

  /** Ends every call that waits, as `unsent`. */
  dismiss(details: string): void {
    const dismissed = [...this.#waiting];
    for (const call of dismissed) this.#remove(call);
    // They end later, when the connection counts as lost, so that they start again on another one.
    if (dismissed.length > 0) queueMicrotask(() => dismissed.forEach((call) => call.dismiss(details)));
  }

  #remove(call: WaitingCall): void {
    if (this.#waiting.delete(call) && this.#waiting.size === 0) clearInterval(this.#look);
  }
}

/** One call that waits. It keeps what is sent to it until it begins; from then on it passes everything on. */
class WaitingCall implements WireCall {
  readonly #listener: WireListener;
  readonly #begin: () => WireCall;
  readonly #why: () => string;
  readonly #leave: () => void;
  #call: WireCall | undefined;
  #over = false;
  #frames: Buffer[] = [];
  #reads = 0;
  #halfClosed = false;

  constructor(listener: WireListener, begin: () => WireCall, why: () => string, leave: () => void) {
    this.#listener = listener;
    this.#begin = begin;
    this.#why = why;
    this.#leave = leave;
  }

  get unsent(): string | undefined {
    return this.#call === undefined ? this.#why() : this.#call.unsent;
  }

  begin(): void {
    const call = this.#begin();
    this.#call = call;
    for (const frame of this.#frames) call.send(frame);
    this.#frames = [];
    if (this.#halfClosed) call.halfClose();
    for (; this.#reads > 0; this.#reads--) call.read();
  }

  send(frame: Buffer): void {
    if (this.#call === undefined) this.#frames.push(frame);
    else this.#call.send(frame);
  }

  halfClose(): void {
    if (this.#call === undefined) this.#halfClosed = true;
    else this.#call.halfClose();
  }

  read(): void {
    if (this.#call === undefined) this.#reads++;
    else this.#call.read();
  }

  cancel(): void {
    this.#over = true;
    this.#leave();
    this.#call?.cancel();
  }

  dismiss(details: string): void {
    if (this.#over || this.#call !== undefined) return;
    this.cancel();
    this.#listener.onEnd({ code: 14, details, reach: 'unsent' });
  }
}
