// The one place that loads proto-loader and the protos, on the first use of a message that has no hand-written codec.
import type { MessageTypeDefinition, PackageDefinition } from '@grpc/proto-loader';
import type { ServiceDefinition } from './definition.ts';

/** Both directions of one message, in proto-loader's form: etcd's field names in camelCase, 64-bit integers as bigint. */
export interface ProtoMessage {
  serialize(message: object): Buffer;
  deserialize(bytes: Buffer): object;
}

/** The codecs of all of etcd's messages. */
export interface Descriptors {
  /** Finds a message by its full name, as `etcdserverpb.MemberListRequest`. */
  message(name: string): ProtoMessage;
  /** Every RPC of the protos. */
  readonly rpcs: readonly ProtoRpc[];
}

/** One RPC as the protos declare it. */
export interface ProtoRpc {
  readonly path: string;
  readonly requestType: string;
  readonly responseType: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

/** The form of messages. proto-loader's types know of String and Number only; protobufjs makes bigints from 7.6 on. */
const FORM = { longs: BigInt as unknown as NumberConstructor, enums: String, defaults: true, oneofs: true };

let loading: Promise<Descriptors> | undefined;

/** Loads the descriptors, once. */
export function loadDescriptors(): Promise<Descriptors> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Descriptors> {
  const [{ fromJSON }, { descriptor }] = await Promise.all([import('@grpc/proto-loader'), import('@etcdts/proto')]);
  const definitions = fromJSON(descriptor, FORM);
  const message = (name: string): ProtoMessage => find(definitions, name);
  const header = message('etcdserverpb.ResponseHeader');
  const probe = header.deserialize(header.serialize({ clusterId: 2n ** 64n - 1n })) as { clusterId: unknown };
  if (probe.clusterId !== 2n ** 64n - 1n)
    throw new Error('protobufjs below 7.6.0 is installed: it cannot make bigints');
  return { message, rpcs: rpcsOf(definitions) };
}

/** Loads one service of a protocol that is given as protobufjs's JSON. */
export async function loadService(json: object, name: string): Promise<ServiceDefinition> {
  const { fromJSON } = await import('@grpc/proto-loader');
  return fromJSON(json, FORM)[name] as unknown as ServiceDefinition;
}

function find(definitions: PackageDefinition, name: string): ProtoMessage {
  const definition = definitions[name];
  if (definition === undefined || !('serialize' in definition)) throw new Error(`etcd has no message ${name}`);
  return definition as MessageTypeDefinition<object, object>;
}

function rpcsOf(definitions: PackageDefinition): ProtoRpc[] {
  const typeName = (type: { readonly type: object }): string => (type.type as { readonly name: string }).name;
  return Object.values(definitions)
    .filter((definition) => !('format' in definition))
    .flatMap((service) => Object.values(service))
    .map((rpc) => ({
      path: rpc.path,
      requestType: typeName(rpc.requestType),
      responseType: typeName(rpc.responseType),
      requestStream: rpc.requestStream,
      responseStream: rpc.responseStream,
    }));
}
