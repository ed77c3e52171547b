// Turns calls into requests for the handlers, and their responses into answers.
import { isKnownEncoding } from './compression.ts';
import type { CallListener, ServerCall } from './call.ts';
import { callerOf, decode, fail, type CallParts } from './call-tasks.ts';
import { SingleCall } from './single-call.ts';
import { StreamCall } from './stream-call.ts';
import type { Handlers, PartsHandler, UnaryHandler, WaitingHandler } from '../services/handlers.ts';
import { status, type StatusError } from '../status.ts';
import { rpcs, type Rpc } from '../wire/descriptors.ts';

/** Accepts a call of one RPC. */
type Accept = (call: ServerCall) => CallListener;

/** The RPCs of the services by their paths, and what becomes of calls of others. */
export class Calls {
  readonly #parts: CallParts;
  readonly #accept: Map<string, Accept> = new Map();
  readonly #services: Set<string> = new Set();

  constructor(services: readonly Handlers[], parts: CallParts) {
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

type Merged = { readonly [Kind in keyof Handlers]-?: NonNullable<Handlers[Kind]> };

function merged(services: readonly Handlers[]): Merged {
  const all = (kind: keyof Handlers): object =>
    Object.assign({}, ...services.map((service) => service[kind])) as object;
  const kinds = { unary: all('unary'), waiting: all('waiting'), parts: all('parts'), streams: all('streams') };
  return kinds as Merged;
}

function noDecompressor(encoding: string): StatusError {
  const text = `grpc: Decompressor is not installed for grpc-encoding ${JSON.stringify(encoding)}`;
  return status('UNIMPLEMENTED', text);
}
