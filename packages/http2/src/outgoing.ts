import { CallList, SendQueue, type Floods, type FrameWriter, type PeerSettings } from '@etcdts/framing';
import type { Http2Call } from './call.ts';
import type { RequestHeads } from './request-heads.ts';
import { headersTooLarge } from './status.ts';
import type { Streams } from './streams.ts';

const NOTHING = Buffer.alloc(0);

/** The parts with which calls are sent. */
export interface OutgoingParts {
  readonly writer: FrameWriter;
  readonly streams: Streams;
  readonly heads: RequestHeads;
  readonly peer: PeerSettings;
  readonly floods: Floods;
}

/**
 * Sends calls: begins those that wait, in order, as many as the peer allows at a time. Nothing of a call is written before its turn
 * comes, so that one that has not begun has provably not left.
 */
export class Outgoing extends SendQueue<Http2Call> {
  readonly #parts: OutgoingParts;
  /** Calls that have not begun. */
  readonly waiting: CallList<Http2Call> = new CallList();
  /** The limit of streams, while calls wait for it; `undefined` while none does. */
  #crowded: number | undefined;

  constructor(parts: OutgoingParts) {
    super(parts);
    this.#parts = parts;
  }

  /** Why a call that has not begun waits. */
  get reason(): string {
    const { peer, streams } = this.#parts;
    if (streams.open >= peer.maxConcurrentStreams) {
      return `the call waits for a stream: the peer allows ${peer.maxConcurrentStreams} at a time`;
    }
    if (this.blocked) return 'the call waits for the network: the peer does not read';
    return 'the call has not left yet';
  }

  override forget(call: Http2Call): void {
    if (!this.waiting.remove(call)) super.forget(call);
    else if (this.waiting.length === 0) this.#crowded = undefined;
  }

  /**
   * Writes what can be written. `begins` is whether calls may begin. Returns the limit of streams if calls wait for it and none
   * did before.
   */
  flush(begins: boolean): number | undefined {
    this.write(begins);
    return this.#noteCrowd();
  }

  protected override begin(): boolean {
    const { streams, peer } = this.#parts;
    for (let call = this.waiting.first; call !== undefined; call = this.waiting.first) {
      if (streams.open >= peer.maxConcurrentStreams || streams.usedUp) return false;
      if (this.enough) return true;
      this.waiting.remove(call);
      this.#start(call);
    }
    return false;
  }

  protected override writeEnd(call: Http2Call): void {
    if (!call.ending || call.ended) return;
    call.ended = true;
    this.#parts.writer.data(call.id, NOTHING, 0, 0, true);
  }

  protected override onData(): void {
    this.#parts.floods.sentData();
  }

  #start(call: Http2Call): void {
    const { streams, heads, peer, writer, floods } = this.#parts;
    if (peer.maxHeaderListSize !== Infinity) {
      const size = heads.size(call.head, call.path);
      if (size > peer.maxHeaderListSize) {
        const details = `the headers of the call have ${size} bytes, and the peer accepts ${peer.maxHeaderListSize}`;
        return call.abort(headersTooLarge(details, 'unsent'), true);
      }
    }
    const id = streams.begin(call);
    call.window = peer.initialWindow;
    const { frame } = call;
    const ends = frame === undefined && call.ending;
    writer.headers(id, heads.block(call.head, call.path), peer.maxFrameSize, ends);
    floods.progress();
    if (ends) call.ended = true;
    if (frame !== undefined) this.writeFirst(call, frame);
  }

  /** Whether calls have begun to wait for a stream. */
  #noteCrowd(): number | undefined {
    const { peer, streams } = this.#parts;
    const limit = peer.maxConcurrentStreams;
    if (this.waiting.first === undefined || streams.open < limit) {
      if (this.waiting.first === undefined) this.#crowded = undefined;
      return undefined;
    }
    const news = this.#crowded === undefined;
    this.#crowded = limit;
    return news ? limit : undefined;
  }
}
