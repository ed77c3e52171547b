import { CallList, SendQueue, type Floods, type FrameWriter, type PeerSettings } from '@etcdts/framing';
import type { ServerCall } from './call.ts';
import type { ResponseHeads } from './response-heads.ts';

/** The parts with which answers are sent. */
export interface OutgoingParts {
  readonly writer: FrameWriter;
  readonly heads: ResponseHeads;
  readonly peer: PeerSettings;
  readonly floods: Floods;
  /** The status of a call was written. */
  onAnswered(call: ServerCall): void;
}

/** Sends answers: for each call a head, messages, and trailers with the status, or trailers only. */
export class Outgoing extends SendQueue<ServerCall> {
  readonly #parts: OutgoingParts;
  /** Calls that have something to send for the first time. */
  readonly #beginning: CallList<ServerCall> = new CallList();

  constructor(parts: OutgoingParts) {
    super(parts);
    this.#parts = parts;
  }

  override onSend(call: ServerCall): void {
    if (call.begun) super.onSend(call);
    else if (call.live && call.list === undefined) this.#beginning.add(call);
  }

  override forget(call: ServerCall): void {
    if (!this.#beginning.remove(call)) super.forget(call);
  }

  /** Writes what can be written. */
  flush(): void {
    this.write(true);
  }

  protected override begin(): boolean {
    for (let call = this.#beginning.first; call !== undefined; call = this.#beginning.first) {
      if (this.enough) return true;
      this.#beginning.remove(call);
      this.#start(call);
    }
    return false;
  }

  protected override writeEnd(call: ServerCall): void {
    if (!call.ending || call.ended) return;
    call.ended = true;
    const { heads, writer, peer, onAnswered } = this.#parts;
    writer.headers(call.id, heads.trailers(call.code, call.text), peer.maxFrameSize, true);
    onAnswered(call);
  }

  protected override onData(): void {
    this.#parts.floods.sentData();
  }

  #start(call: ServerCall): void {
    const { heads, writer, peer, onAnswered } = this.#parts;
    const { frame, head, id } = call;
    call.begun = true;
    if (frame === undefined) {
      call.ended = true;
      const block = heads.trailersOnly(call.httpStatus, head.contentType, call.code, call.text);
      writer.headers(id, block, peer.maxFrameSize, true);
      return onAnswered(call);
    }
    writer.headers(id, heads.head(head.contentType, head.encoding), peer.maxFrameSize, false);
    this.writeFirst(call, frame);
    if (call.frame === undefined && call.ending) this.writeEnd(call);
  }
}
