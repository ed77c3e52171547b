// The only file that imports the protos: every RPC of etcd, and the codecs of its messages.
import { serverProtocol, type MessageCodec } from '@etcdts/proto';

/** One RPC of etcd's protos. */
export interface Rpc {
  /** The name, such as `KV.Put`. */
  readonly name: string;
  /** The path, such as `/etcdserverpb.KV/Put`. */
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  /** Reads a request. Throws an Error for malformed bytes. */
  decode(bytes: Buffer): object;
  encode(response: object): Buffer;
}

// Enums stay numbers, because etcd has an error of its own for an unknown one.
const protocol = serverProtocol('numbers');

/** Every RPC of KV, Watch, Lease, Cluster, Maintenance, Auth, Lock, Election and Health. */
export const rpcs: readonly Rpc[] = protocol.services.flatMap((service) =>
  protocol.rpcs(service).map(({ name, requestStream, responseStream, request, response }) => ({
    name: `${service.slice(service.lastIndexOf('.') + 1)}.${name}`,
    path: `/${service}/${name}`,
    requestStream,
    responseStream,
    decode: (bytes) => request.decode(bytes),
    encode: (message) => response.encode(message),
  })),
);

const event: MessageCodec = protocol.message('mvccpb.Event');

/** The size of an event in a message in bytes, including its tag and length. */
export function eventSize(message: object): number {
  const { length } = event.encode(message);
  return 1 + varintSize(length) + length;
}

/** The size of a number below 2^28 as a varint, in bytes. */
function varintSize(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 4;
}
