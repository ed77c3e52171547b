/** The metadata of a call, an immutable record. Keys are lower-case; a key that ends in `-bin` carries bytes. */
export type Metadata = Readonly<Record<string, string | Uint8Array | readonly (string | Uint8Array)[]>>;
