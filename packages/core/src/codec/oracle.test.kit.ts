// What codecs are compared with: etcd's messages as proto-loader reads and writes them, made of the protos themselves.
import { fileURLToPath } from 'node:url';
import { loadSync, type MessageTypeDefinition, type ServiceDefinition } from '@grpc/proto-loader';

/** Both directions of one message: etcd's field names in camelCase, 64-bit integers as bigint, enums as names. */
export interface OracleMessage {
  serialize(message: object): Buffer;
  deserialize(bytes: Buffer): object;
}

/** One RPC as the protos declare it. */
export interface OracleRpc {
  readonly path: string;
  readonly requestType: string;
  readonly responseType: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

const definitions = loadSync('rpc.proto', {
  includeDirs: [fileURLToPath(new URL('../../../proto/etcd/', import.meta.url))],
  // The types of proto-loader have String and Number only; protobufjs makes bigints from 7.6 on.
  longs: BigInt as unknown as NumberConstructor,
  enums: String,
  defaults: true,
  oneofs: true,
});

/** Finds a message by its full name, as `etcdserverpb.MemberListRequest`. */
export function message(name: string): OracleMessage {
  const definition = definitions[name];
  if (definition === undefined || !('serialize' in definition)) throw new Error(`etcd has no message ${name}`);
  return definition as MessageTypeDefinition<object, object>;
}

const typeName = (type: { readonly type: object }): string => (type.type as { readonly name: string }).name;

/** Every RPC of the protos. */
export const rpcs: readonly OracleRpc[] = Object.values(definitions)
  .filter((definition): definition is ServiceDefinition => !('format' in definition))
  .flatMap((service) => Object.values(service))
  .map(({ path, requestType, responseType, requestStream, responseStream }) => ({
    path,
    requestType: typeName(requestType),
    responseType: typeName(responseType),
    requestStream,
    responseStream,
  }));
