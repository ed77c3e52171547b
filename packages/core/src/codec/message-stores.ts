// The stores of large messages, which are used again once nothing refers to them. Otherwise each of them is garbage that V8 counts
// beside its heap, and that makes it collect all garbage again and again.

/**
 * The size of a store up to which a message is allocated like any Buffer, and its parts are views of it: that of Node's own pool from
 * Node 24 on, 64 KiB, to which Node 26 adds 64 bytes.
 */
export const SMALL_STORE = 65_600;
/** The sizes of large stores are multiples of this, so that messages of about one size fit in one. */
const STEP = 65_536;
/** How many stores may wait for a message. */
const MOST = 16;

/** The stores that messages were made in, and that were not given back. */
const lent = new WeakSet<ArrayBufferLike>();
/** The stores that are free. A collection of all garbage takes them: a process that reads nothing large any more keeps none. */
const free: WeakRef<ArrayBufferLike>[] = [];

/** Makes a Buffer for a message of this size, whose bytes are arbitrary. A large one may lie in the store of an earlier message. */
export function messageBuffer(length: number): Buffer {
  if (length <= SMALL_STORE) return Buffer.allocUnsafe(length);
  const store = take(length) ?? Buffer.allocUnsafeSlow(Math.ceil(length / STEP) * STEP).buffer;
  lent.add(store);
  return Buffer.from(store, 0, length);
}

/** Gives back the memory of a message that nothing refers to. It does nothing for one that `messageBuffer` has not made. */
export function giveBack(message: Buffer): void {
  if (!lent.delete(message.buffer)) return;
  if (free.length === MOST) free.shift();
  free.push(new WeakRef(message.buffer));
}

/** Takes a free store that fits. One of more than twice the size stays for larger messages: what is kept of a message keeps it all. */
function take(length: number): ArrayBufferLike | undefined {
  for (let i = free.length - 1; i >= 0; i--) {
    const store = free[i]?.deref();
    if (store !== undefined && (store.byteLength < length || store.byteLength > 2 * length)) continue;
    free.splice(i, 1);
    if (store !== undefined) return store;
  }
  return undefined;
}
