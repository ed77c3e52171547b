import type { Call } from '../call.ts';
import type { Method } from '../methods.ts';
import type { Health } from '../transport/health.ts';
import type { Slot } from '../transport/slot.ts';
import type { Connection, WireStatus } from '../transport/transport.ts';
import { statusError } from './call-errors.ts';
import { Exchange } from './exchange.ts';
import { encodeFrame } from './frame.ts';
import type { WireParts } from './wire-parts.ts';

/**
 * How often a request that provably never reached etcd is sent again at once, on another connection if there is one. gRPC itself
 * repeats a refused stream once. A connection that has served other calls meanwhile, or still does, is not counted: a proxy that ends
 * its connections after so many calls refuses those that wait, time and again, and yet all of them get through.
 */
const RESENDS = 3;

/**
 * One unary call on the wire. It sends one frame and settles once. A request that provably was not processed (its connection
 * was lost before it left, or the peer refused the stream) is sent again, as in gRPC's transparent retry, writes included.
 */
export class UnaryCall<Req, Res> extends Exchange<Req, Res> {
  #resolve: ((response: Res) => void) | undefined;
  #reject: ((reason: unknown) => void) | undefined;
  #frame: Buffer | undefined;
  #health: Health | undefined;
  /** How many calls the connection had served when this one was started there. */
  #servedBefore = 0;
  /** How many connections ended this call unprocessed, and did nothing for another one meanwhile. */
  #inVain = 0;
  #message: Buffer | undefined;

  constructor(
    call: Call<Method<Req, Res>>,
    parts: WireParts,
    resolve: (response: Res) => void,
    reject: (reason: unknown) => void,
  ) {
    super(call, parts);
    this.#resolve = resolve;
    this.#reject = reject;
  }

  protected override prepare(): void {
    try {
      this.#frame = encodeFrame(this.call.method, this.call.request, this.parts.maxSendBytes);
    } catch (error) {
      return this.finish(error);
    }
    this.connect();
  }

  protected start(connection: Connection, slot: Slot): void {
    if (this.#wasInVain(slot.health)) this.#inVain++;
    this.#health = slot.health;
    this.#servedBefore = this.#health.served;
    this.wire = connection.start(this.call.method.path, this.call.metadata, this, this.#frame);
    this.#health.callSent(this.parts.clock.now());
  }

  onMessage(message: Buffer): void {
    if (this.#message !== undefined) {
      return this.finish(this.replyError('a unary call was answered with more than one message'));
    }
    this.#message = message;
  }

  onEnd(status: WireStatus): void {
    this.leave(true);
    if (this.ended) return;
    if (status.code !== 0) {
      if (status.reach !== 'sent' && this.#inVain < RESENDS) {
        this.slot = undefined;
        return this.connect();
      }
      return this.finish(statusError(this.call.method, status, this.slot?.endpoint.address, this.starts));
    }
    if (this.#message === undefined) {
      return this.finish(this.replyError('a unary call was ended without a message'));
    }
    let response: Res;
    try {
      response = this.call.method.codec.decodeResponse(this.#message);
    } catch (cause) {
      return this.finish(this.replyError(`the reply cannot be decoded: ${(cause as Error).message}`, cause));
    }
    if (this.#health !== undefined) this.#health.served++;
    const resolve = this.#resolve;
    this.release();
    this.#forget();
    resolve?.(response);
  }

  /**
   * Whether the connection before did nothing for another call meanwhile. One that was given up may still work on calls that it has
   * accepted; one that stands and refuses calls may not, or two calls would have each other sent again for ever.
   */
  #wasInVain(health: Health): boolean {
    const earlier = this.#health;
    if (earlier === undefined || earlier.served !== this.#servedBefore) return false;
    return earlier === health || !earlier.busy;
  }

  protected leave(answered: boolean): void {
    if (this.wire === undefined) return;
    this.wire = undefined;
    this.#health?.callEnded(this.parts.clock.now(), answered);
  }

  protected fail(reason: unknown): void {
    const reject = this.#reject;
    this.#forget();
    reject?.(reason);
  }

  /**
   * Lets go of the message and of the promise, whose value is the response. Tables of long-lived sets reach the old generation, and
   * one that was replaced there keeps its calls alive until a full collection. Without this, it would keep every other large response
   * alive too.
   */
  #forget(): void {
    this.#resolve = this.#reject = this.#message = this.#frame = undefined;
  }
}
