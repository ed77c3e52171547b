import type { Gate } from '../gate.ts';
import type { CallListener, ServerCall } from './call.ts';
import { passing, UNKNOWN } from './call-tasks.ts';

/** A call with one request, whose answer `start` makes. What it throws is the answer. */
export class SingleCall implements CallListener {
  readonly #call: ServerCall;
  readonly #gate: Gate;
  readonly #start: (request: Buffer) => void;
  readonly #more: (() => void) | undefined;
  readonly #closed: (() => void) | undefined;
  #asked = false;

  /** `more` is called when what was answered has left, `closed` when the call is over. */
  constructor(call: ServerCall, gate: Gate, start: (request: Buffer) => void, more?: () => void, closed?: () => void) {
    this.#call = call;
    this.#gate = gate;
    this.#start = start;
    this.#more = more;
    this.#closed = closed;
  }

  message(bytes: Buffer): void {
    // grpc-go ignores what follows the first request.
    if (this.#asked) return;
    this.#asked = true;
    this.#call.admit(() => this.#pass(() => this.#start(bytes)));
  }

  end(): void {
    // grpc-go's text for a call without a request.
    if (!this.#asked) this.#pass(() => this.#call.finish(UNKNOWN, 'EOF'));
  }

  drain(): void {
    if (this.#more !== undefined) this.#pass(this.#more);
  }

  close(): void {
    this.#closed?.();
  }

  #pass(task: () => void): void {
    passing(this.#gate, this.#call, task);
  }
}
