// The one place that knows protobufjs: every RPC of etcd's protos, and how its messages become bytes.
import { descriptor } from '@etcdts/proto';
import type { IConversionOptions, INamespace, Type } from 'protobufjs/light.js';
import { protobuf } from './libraries.ts';

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

// Enums stay numbers: etcd tells an unknown one by its own error.
const READING: IConversionOptions = { longs: BigInt, defaults: true, oneofs: true };

const root = protobuf.Root.fromJSON(descriptor as INamespace);
const messages = root.lookup('etcdserverpb') as InstanceType<typeof protobuf.Namespace>;

/** Every RPC of KV, Watch, Lease, Cluster, Maintenance and Auth. */
export const rpcs: readonly Rpc[] = ['KV', 'Watch', 'Lease', 'Cluster', 'Maintenance', 'Auth'].flatMap((service) =>
  messages.lookupService(service).methodsArray.map((method) => {
    const request = messages.lookupType(method.requestType);
    const response = messages.lookupType(method.responseType);
    return {
      name: `${service}.${method.name}`,
      path: `/etcdserverpb.${service}/${method.name}`,
      requestStream: method.requestStream === true,
      responseStream: method.responseStream === true,
      decode: (bytes) => request.toObject(request.decode(bytes), READING),
      encode: (message) => serialize(response, message),
    };
  }),
);

const event = root.lookupType('mvccpb.Event');

/** The bytes that an event takes in a message, its tag and length included. */
export function eventSize(message: object): number {
  const { length } = serialize(event, message);
  return 1 + varintSize(length) + length;
}

function serialize(type: Type, message: object): Buffer {
  return type.encode(type.fromObject(message as Record<string, unknown>)).finish() as Buffer;
}

/** The bytes of a number below 2^28 as a varint. */
function varintSize(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 4;
}
