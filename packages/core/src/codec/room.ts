// Large values with room in front of them, in which a frame is built around a value instead of a copy of it.

/** The size in bytes from which a copy of a value costs more than the room does. */
const LARGE = 32 * 1024;
/** The room: for the prefix of the frame, the key and the other fields. A longer key takes a copy after all. */
const ROOM = 4 * 1024;

/** The values whose room is free. */
const free = new WeakSet<Uint8Array>();

/** Makes a Buffer for a value of this size, with room in front of a large one. */
export function roomy(length: number): Buffer {
  if (length < LARGE) return Buffer.allocUnsafe(length);
  const value = Buffer.allocUnsafeSlow(ROOM + length).subarray(ROOM);
  free.add(value);
  return value;
}

/**
 * The whole store of a value that ends with the value, if there is free room in front of it. The room is given once: a frame that was
 * handed out is never written to again, and one value may be sent several times.
 */
export function takeRoom(value: Uint8Array | undefined): Buffer | undefined {
  if (value === undefined || value.length < LARGE || !free.delete(value)) return undefined;
  return Buffer.from(value.buffer as ArrayBuffer);
}
