import type { Gate } from '../gate.ts';
import type { Peer, StreamHandler } from '../services/handlers.ts';
import type { Rpc } from '../wire/descriptors.ts';
import type { CallListener, ServerCall } from './call.ts';
import { callerOf, decode, fail, passing, type CallParts } from './call-tasks.ts';

/** A call with requests and responses as they come. */
export class StreamCall implements CallListener {
  readonly #rpc: Rpc;
  readonly #call: ServerCall;
  readonly #gate: Gate;
  #listener: ReturnType<StreamHandler> | undefined;

  constructor(rpc: Rpc, handle: StreamHandler, call: ServerCall, { gate, faults }: CallParts) {
    this.#rpc = rpc;
    this.#call = call;
    this.#gate = gate;
    this.#pass(() => {
      const failure = faults.next(rpc.name);
      if (failure) throw failure.error;
      this.#listener = handle(this.#peer() as Peer<never>);
    });
  }

  message(bytes: Buffer): void {
    this.#pass(() => this.#listener?.message(decode(this.#rpc, bytes)));
  }

  end(): void {
    // A call of one request gets it as its only message, and no end.
    if (this.#rpc.requestStream) this.#pass(() => this.#listener?.end?.());
  }

  drain(): void {
    this.#call.resume();
    this.#pass(() => this.#listener?.drain?.());
  }

  close(): void {
    this.#listener?.close?.();
  }

  #peer(): Peer<object> {
    const rpc = this.#rpc;
    const call = this.#call;
    return {
      caller: callerOf(call, 0),
      get congested() {
        return call.congested;
      },
      send(response) {
        if (call.over) return;
        call.answer(rpc.encode(response));
        // A client that does not read is not read from, so that answers do not pile up.
        if (call.congested) call.pause();
      },
      sizeOf: (response) => rpc.encode(response).length,
      end(error) {
        if (error === undefined) call.finish(0, '');
        else fail(call, error);
      },
    };
  }

  #pass(task: () => void): void {
    passing(this.#gate, this.#call, task);
  }
}
