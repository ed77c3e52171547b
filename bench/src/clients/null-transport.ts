// A transport without a network. It gives each unary call its canned answer in the next macrotask, all calls of a turn together, so
// that what remains is the cost of the client above its connection.
import {
  methods,
  type Connection,
  type ConnectionObserver,
  type Transport,
  type WireListener,
  type WireStatus,
} from '@etcdts/core/plugin';
import { messages } from '../fake/answers.ts';

/** The tag of RangeRequest.range_end, which follows the key (rpc.proto). */
const RANGE_END = 0x12;
/** gRPC's prefix, and the tag and the length of the key. */
const BEFORE_KEY = 7;

function answerTo(path: string, request: Buffer): Buffer {
  if (path === methods.put.path) return messages.put;
  if (path === methods.txn.path) return messages.txn;
  return request[BEFORE_KEY + (request[BEFORE_KEY - 1] ?? 0)] === RANGE_END ? messages.range : messages.get;
}

const OK: WireStatus = Object.freeze({ code: 0, details: '', reach: 'sent' });

const nothing = (): void => undefined;

class NullConnection implements Connection {
  readonly endpoint: Connection['endpoint'];
  #waiting: { readonly listener: WireListener; readonly answer: Buffer }[] = [];

  constructor(endpoint: Connection['endpoint']) {
    this.endpoint = endpoint;
  }

  connect(observer: ConnectionObserver): void {
    setImmediate(() => observer.onReady());
  }

  start(path: string, _metadata: object, listener: WireListener, request?: Buffer): ReturnType<Connection['start']> {
    if (request === undefined) throw new Error('the null transport has no streams');
    if (this.#waiting.length === 0) setImmediate(() => this.#answer());
    this.#waiting.push({ listener, answer: answerTo(path, request) });
    return { send: nothing, halfClose: nothing, read: nothing, cancel: nothing };
  }

  close(): void {}

  #answer(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { listener, answer } of waiting) {
      // A listener owns the bytes of its message.
      listener.onMessage(Buffer.from(answer));
      listener.onEnd(OK);
    }
  }
}

export const nullTransport: Transport = { name: 'null', connect: (endpoint) => new NullConnection(endpoint) };
