// Turns calls into requests for the handlers, and their responses into answers.
import type { Faults } from '../faults.ts';
import type { Gate } from '../gate.ts';
import { isKnownEncoding } from './compression.ts';
import type { CallListener, ServerCall } from './call.ts';
import type { Caller } from '../member.ts';
import type {
  Handlers,
  PartsHandler,
  Peer,
  StreamHandler,
  UnaryHandler,
  WaitingHandler,
} from '../services/handlers.ts';
import { status, StatusError } from '../status.ts';
import { rpcs, type Rpc } from '../wire/descriptors.ts';

/** The parts that calls pass on their way to the handlers. */
export interface CallsParts {
  readonly gate: Gate;
  readonly faults: Faults;
}

/** Accepts a call of one RPC. */
type Accept = (call: ServerCall) => CallListener;

/** The RPCs of the services by their paths, and what becomes of calls of others. */
export class Calls {
  readonly #parts: CallsParts;
  readonly #accept: Map<string, Accept> = new Map();
  readonly #services: Set<string> = new Set();

  constructor(services: readonly Handlers[], parts: CallsParts) {
    this.#parts = parts;
    const { unary, waiting, parts: many, streams } = merged(services);
    for (const rpc of rpcs) {
      const { name, path } = rpc;
      const [one, later, several, stream] = [unary[name], waiting[name], many[name], streams[name]];
      let accept: Accept | undefined;
      if (one !== undefined) accept = (call) => this.#unary(rpc, one, call);
      else if (later !== undefined) accept = (call) => this.#waiting(rpc, later, call);
      else if (several !== undefined) accept = (call) => this.#several(rpc, several, call);
      else if (stream !== undefined) accept = (call) => new StreamCall(rpc, stream, call, parts);
      if (accept === undefined) throw new Error(`no handler for ${name}`);
      this.#accept.set(path, accept);
      this.#services.add(path.slice(1, path.lastIndexOf('/')));
    }
  }

  /** Accepts a call. Returns `undefined` if it has refused it. */
  accept(call: ServerCall): CallListener | undefined {
    const { path, encoding } = call.head;
    const accept = this.#accept.get(path);
    if (accept === undefined) {
      const { code, message } = this.#unknown(path);
      call.finish(code, message);
    } else if (!isKnownEncoding(encoding)) {
      const { code, message } = noDecompressor(encoding as string);
      call.finish(code, message);
    }
    return call.over ? undefined : accept?.(call);
  }

  /** The error of a path that stands for no RPC, in the words of grpc-go (`Server.handleStream`). */
  #unknown(path: string): StatusError {
    const name = path.replace(/^\//, '');
    const slash = name.lastIndexOf('/');
    if (slash < 0) return status('UNIMPLEMENTED', `malformed method name: ${JSON.stringify(path)}`);
    const service = name.slice(0, slash);
    if (!this.#services.has(service)) return status('UNIMPLEMENTED', `unknown service ${service}`);
    return status('UNIMPLEMENTED', `unknown method ${name.slice(slash + 1)} for service ${service}`);
  }

  #unary(rpc: Rpc, handle: UnaryHandler, call: ServerCall): CallListener {
    return new SingleCall(call, this.#parts.gate, (request) => {
      const failure = this.#parts.faults.next(rpc.name);
      if (failure?.applied === false) throw failure.error;
      const response = handle(decode(rpc, request), callerOf(call, request.length));
      if (failure) throw failure.error;
      call.answer(rpc.encode(response));
      call.finish(0, '');
    });
  }

  #waiting(rpc: Rpc, handle: WaitingHandler, call: ServerCall): CallListener {
    const { gate, faults } = this.#parts;
    const ended = new AbortController();
    const answer = async (request: Buffer): Promise<Buffer> => {
      const failure = faults.next(rpc.name);
      if (failure?.applied === false) throw failure.error;
      const response = await handle(decode(rpc, request), callerOf(call, request.length), ended.signal);
      if (failure) throw failure.error;
      return rpc.encode(response);
    };
    const start = (request: Buffer): void => {
      answer(request).then(
        (bytes) =>
          gate.pass(() => {
            call.answer(bytes);
            call.finish(0, '');
          }),
        (error: unknown) => gate.pass(() => fail(call, error)),
      );
    };
    return new SingleCall(call, gate, start, undefined, () => ended.abort());
  }

  #several(rpc: Rpc, handle: PartsHandler, call: ServerCall): CallListener {
    const sizeOf = (response: object): number => rpc.encode(response).length;
    let rest: Iterator<object> | undefined;
    const send = (): void => {
      while (rest !== undefined && !call.over && !call.congested) {
        const { done, value } = rest.next();
        if (done) call.finish(0, '');
        else call.answer(rpc.encode(value as object));
      }
    };
    const start = (request: Buffer): void => {
      const failure = this.#parts.faults.next(rpc.name);
      if (failure) throw failure.error;
      rest = handle(decode(rpc, request), callerOf(call, request.length), sizeOf)[Symbol.iterator]();
      send();
    };
    return new SingleCall(call, this.#parts.gate, start, send);
  }
}

/** A call with one request, whose answer `start` makes. What it throws is the answer. */
class SingleCall implements CallListener {
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
    this.#gate.pass(() => {
      if (this.#call.over) return;
      try {
        task();
      } catch (error) {
        fail(this.#call, error);
      }
    });
  }
}

/** A call with requests and responses as they come. */
class StreamCall implements CallListener {
  readonly #rpc: Rpc;
  readonly #call: ServerCall;
  readonly #gate: Gate;
  #listener: ReturnType<StreamHandler> | undefined;

  constructor(rpc: Rpc, handle: StreamHandler, call: ServerCall, { gate, faults }: CallsParts) {
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
    this.#gate.pass(() => {
      if (this.#call.over) return;
      try {
        task();
      } catch (error) {
        fail(this.#call, error);
      }
    });
  }
}

type Merged = { readonly [Kind in keyof Handlers]-?: NonNullable<Handlers[Kind]> };

function merged(services: readonly Handlers[]): Merged {
  const all = (kind: keyof Handlers): object =>
    Object.assign({}, ...services.map((service) => service[kind])) as object;
  const kinds = { unary: all('unary'), waiting: all('waiting'), parts: all('parts'), streams: all('streams') };
  return kinds as Merged;
}

const UNKNOWN = 2;

function callerOf({ head }: ServerCall, bytes: number): Caller {
  return { token: head.token, bytes };
}

function decode(rpc: Rpc, bytes: Buffer): never {
  try {
    return rpc.decode(bytes) as never;
  } catch {
    throw status('INTERNAL', 'grpc: error unmarshalling request: proto: cannot parse invalid wire-format data');
  }
}

function noDecompressor(encoding: string): StatusError {
  const text = `grpc: Decompressor is not installed for grpc-encoding ${JSON.stringify(encoding)}`;
  return status('UNIMPLEMENTED', text);
}

function fail(call: ServerCall, error: unknown): void {
  if (error instanceof StatusError) call.finish(error.code, error.message);
  else call.finish(UNKNOWN, `the embedded etcd failed: ${String(error)}`);
}
