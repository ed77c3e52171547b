// What a connection of the fake server sends: small frames are copied into a slab, large ones go as they are, all of a turn together.
import type { Duplex } from 'node:stream';

const SLAB = 65_536;
/** The size up to which a copy is cheaper than a buffer of its own. */
const SMALL = 4_096;

export class Output {
  private readonly socket: Duplex;
  private slab: Buffer = Buffer.allocUnsafeSlow(SLAB);
  private start = 0;
  private end = 0;
  private parts: Buffer[] = [];

  constructor(socket: Duplex) {
    this.socket = socket;
  }

  /** Whether the socket accepts more without a queue. */
  get writable(): boolean {
    return !this.socket.destroyed && !this.socket.writableNeedDrain;
  }

  /** Sends a copy of a few bytes, or `bytes` itself, which nobody changes from then on. */
  write(bytes: Buffer): void {
    if (bytes.length <= SMALL) {
      const at = this.reserve(bytes.length);
      this.slab.set(bytes, at);
      return;
    }
    this.cut();
    this.parts.push(bytes);
  }

  /** Sends a copy of a template in which the four bytes at each of `ids` are the stream's id. */
  writePatched(template: Buffer, ids: readonly number[], stream: number): void {
    const at = this.reserve(template.length);
    const { slab } = this;
    slab.set(template, at);
    for (let i = 0; i < ids.length; i++) {
      const id = at + (ids[i] as number);
      slab[id] = stream >>> 24;
      slab[id + 1] = stream >>> 16;
      slab[id + 2] = stream >>> 8;
      slab[id + 3] = stream;
    }
  }

  /** Gives the socket `bytes` at once. Returns whether the kernel has taken them, so that the caller may change them. */
  writeNow(bytes: Buffer): boolean {
    this.flush();
    if (this.socket.destroyed) return true;
    this.socket.write(bytes);
    return this.socket.writableLength === 0;
  }

  /** Gives the socket what was written since the last flush. */
  flush(): void {
    if (this.parts.length === 0 && this.start === this.end) return;
    if (this.socket.destroyed) return;
    this.cut();
    const { parts, socket } = this;
    this.parts = [];
    if (parts.length === 1) {
      socket.write(parts[0]);
    } else {
      socket.cork();
      for (const part of parts) socket.write(part);
      socket.uncork();
    }
    // The kernel has taken everything, so that the slab can be used again.
    if (socket.writableLength === 0) this.start = this.end = 0;
  }

  private reserve(size: number): number {
    if (this.end + size > SLAB) {
      this.cut();
      this.slab = Buffer.allocUnsafeSlow(SLAB);
      this.start = this.end = 0;
    }
    const at = this.end;
    this.end += size;
    return at;
  }

  private cut(): void {
    if (this.start === this.end) return;
    this.parts.push(this.slab.subarray(this.start, this.end));
    this.start = this.end;
  }
}
