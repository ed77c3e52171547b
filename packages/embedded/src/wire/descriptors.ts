// The one place that knows proto-loader: every RPC of etcd's protos, and how its messages become bytes.
import {
  fromJSON,
  type MessageTypeDefinition,
  type PackageDefinition,
  type ServiceDefinition,
} from '@grpc/proto-loader';
import { descriptor } from '../gen/descriptor.ts';

/** One RPC as etcd's protos declare it. */
export interface Rpc {
  /** As `KV.Put`. */
  readonly name: string;
  /** As `/etcdserverpb.KV/Put`. */
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  /** Reads a request; throws what the protobuf library throws where the bytes are none. */
  decode(bytes: Buffer): object;
  encode(response: object): Buffer;
}

// proto-loader's types know of String and Number only; protobufjs makes bigints.
const longs = BigInt as unknown as NumberConstructor;
// Enums stay numbers: etcd tells an unknown one by its own error.
const definitions: PackageDefinition = fromJSON(descriptor, { longs, defaults: true, oneofs: true });

/** Every RPC of KV, Watch, Lease, Cluster, Maintenance and Auth. */
export const rpcs: readonly Rpc[] = ['KV', 'Watch', 'Lease', 'Cluster', 'Maintenance', 'Auth'].flatMap((service) =>
  Object.entries(definitions[`etcdserverpb.${service}`] as ServiceDefinition).map(([name, rpc]) => ({
    name: `${service}.${name}`,
    path: rpc.path,
    requestStream: rpc.requestStream,
    responseStream: rpc.responseStream,
    decode: rpc.requestDeserialize,
    encode: rpc.responseSerialize,
  })),
);

const event = definitions['mvccpb.Event'] as MessageTypeDefinition<object, object>;

/** The bytes that an event takes in a message, its tag and length included. */
export function eventSize(message: object): number {
  const { length } = event.serialize(message);
  return 1 + varintSize(length) + length;
}

/** The bytes of a number below 2^31 as a varint. */
export function varintSize(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 4;
}
