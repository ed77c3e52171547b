// The only file that imports the protos. It gives the messages without a hand-written codec, of etcd and of other services.
import { Protocol, rareProtocol } from '@etcdts/proto';
import { invalidArgument } from '../errors.ts';
import type { ServiceDefinition } from './definition.ts';
import { malformed } from './reader.ts';

/** Both directions of one message: fields in camelCase, 64-bit integers as bigint, enums as their names. */
export interface ProtoMessage {
  encode(message: object): Buffer;
  decode(bytes: Buffer): object;
}

let rare: Protocol | undefined;

/** Finds a message of Cluster, Maintenance or Auth by its name, such as `MemberListRequest`. The first search reads the declarations. */
export function etcdMessage(name: string): ProtoMessage {
  rare ??= rareProtocol();
  return rare.message(`etcdserverpb.${name}`);
}

/** Finds the services of a protocol that is given as protobufjs's JSON, by their full names. */
export function servicesOf(json: object): ReadonlyMap<string, ServiceDefinition> {
  try {
    const protocol = new Protocol([json]);
    return new Map(protocol.services.map((service) => [service, definitionOf(protocol, service)]));
  } catch (cause) {
    throw invalidArgument('definition', `cannot be used: ${(cause as Error).message}`);
  }
}

function definitionOf(protocol: Protocol, service: string): ServiceDefinition {
  const rpcs = protocol.rpcs(service).map(({ name, requestStream, responseStream, request, response }) => {
    const definition = {
      path: `/${service}/${name}`,
      requestStream,
      responseStream,
      requestSerialize: (message: object) => request.encode(message),
      responseDeserialize(bytes: Buffer): object {
        try {
          return response.decode(bytes);
        } catch (cause) {
          throw malformed(`response of ${service}.${name}`, (cause as Error).message);
        }
      },
    };
    return [name, definition] as const;
  });
  return Object.fromEntries(rpcs);
}
