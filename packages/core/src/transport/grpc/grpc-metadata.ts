import { Metadata as GrpcMetadata } from '@grpc/grpc-js';
import type { Metadata } from '../../metadata.ts';
import { invalidArgument } from '../../errors.ts';

// Most calls carry the same metadata object. A Metadata of grpc-js is expensive to make, and createCall copies it anyway.
const made = new WeakMap<Metadata, GrpcMetadata>();

// The colon of HTTP/2's own headers is excluded, because grpc-js accepts it.
const NAME = /^[0-9a-z_.-]+$/i;

/** Converts a call's metadata to grpc-js's form. Keys and values that HTTP/2 cannot carry are refused by name. */
export function grpcMetadata(metadata: Metadata): GrpcMetadata {
  let grpc = made.get(metadata);
  if (grpc === undefined) {
    grpc = new GrpcMetadata();
    for (const [key, value] of Object.entries(metadata)) {
      if (!NAME.test(key)) throw invalidArgument(`metadata ${JSON.stringify(key)}`, 'is no name of a header');
      for (const one of Array.isArray(value) ? (value as readonly (string | Uint8Array)[]) : [value as string]) {
        try {
          grpc.add(key, typeof one === 'string' ? one : Buffer.from(one));
        } catch {
          // The library's text quotes the value, which may be a token.
          throw invalidArgument(`metadata ${JSON.stringify(key)}`, 'holds a key or value that gRPC cannot carry');
        }
      }
    }
    made.set(metadata, grpc);
  }
  return grpc;
}
