import { invalidArgument } from '../errors.ts';
import { framed } from '../frame.ts';
import type { Codec } from './codec.ts';

/** One RPC as proto-loader and the code generators of gRPC define it. */
export interface RpcDefinition<Req = any, Res = any> {
  /** `/package.Service/Name`. */
  readonly path: string;
  /** Whether the client sends a stream of requests. */
  readonly requestStream: boolean;
  /** Whether the server sends a stream of responses. */
  readonly responseStream: boolean;
  /** Encodes a request, without the frame of gRPC. */
  readonly requestSerialize: (message: Req) => Uint8Array;
  /** Decodes a response, without the frame of gRPC. */
  readonly responseDeserialize: (bytes: Buffer) => Res;
}

/** The RPCs of one service, by their names. */
export type ServiceDefinition = Readonly<Record<string, RpcDefinition>>;

/** Makes the codec of an RPC from its definition. `label` names the RPC in errors. */
export function definitionCodec<Req, Res>(label: string, definition: RpcDefinition<Req, Res>): Codec<Req, Res> {
  return {
    encodeRequest(message: Req): Buffer {
      let bytes: Uint8Array;
      try {
        bytes = definition.requestSerialize(message);
      } catch (cause) {
        throw invalidArgument('request', `cannot be encoded for ${label}: ${(cause as Error).message}`);
      }
      return framed(bytes);
    },
    decodeResponse: (bytes: Buffer): Res => definition.responseDeserialize(bytes),
  };
}
