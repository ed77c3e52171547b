// The one place that imports the protos: every RPC of etcd, and how its messages become bytes.
import { etcdProtocol, type MessageCodec } from '@etcdts/proto';

/** One RPC as etcd's protos declare it. */
export interface Rpc {
  /** As `KV.Put`. */
  readonly name: string;
  /** As `/etcdserverpb.KV/Put`. */
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  /** Reads a request; throws an Error for bytes that are none. */
  decode(bytes: Buffer): object;
  encode(response: object): Buffer;
}

// Enums stay numbers: etcd has an error of its own for an unknown one.
const protocol = etcdProtocol('numbers');

/** Every RPC of KV, Watch, Lease, Cluster, Maintenance and Auth. */
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

/** The bytes that an event takes in a message, its tag and length included. */
export function eventSize(message: object): number {
  const { length } = event.encode(message);
  return 1 + varintSize(length) + length;
}

/** The bytes of a number below 2^28 as a varint. */
function varintSize(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 4;
}
