// Services beside etcd's API: gRPC health, etcd's lock and election servers, or a service of one's own on the same port.
import { describe } from './describe.ts';
import { definitionCodec, type RpcDefinition, type ServiceDefinition } from './codec/definition.ts';
import { servicesOf } from './codec/descriptors.ts';
import { invalidArgument } from './errors.ts';
import { checkOptions } from './known-options.ts';
import { rpc, type Method, type MethodKind } from './methods.ts';

/** A protocol as protobufjs's JSON, which `pbjs -t json` prints and `Root.toJSON()` returns. */
export interface ProtocolJson {
  /** The packages, services, messages and enums, by name. */
  readonly nested: Readonly<Record<string, object>>;
}

/** The messages of a service's RPCs, by the names of the RPCs: the type argument for a protocol that is given as JSON. */
export type ServiceTypes<T> = { readonly [K in keyof T]: { readonly request: unknown; readonly response: unknown } };

/** Options of `defineService`. */
export interface DefineServiceOptions {
  /** The full name of the service, such as `grpc.health.v1.Health`, if the protocol has several. */
  service?: string | undefined;
  /** The names of the RPCs that change nothing, so that they may be repeated after any failure. None by default. */
  reads?: readonly string[] | undefined;
}

/** The methods that `defineService` makes of a definition. */
export type DefinedMethods<D> = {
  readonly [K in keyof D]: D[K] extends RpcDefinition<infer Req, infer Res> ? Method<Req, Res> : never;
};

/**
 * Defines a service beside etcd's API; `invoke` and `invokeStream` then send its RPCs through a client's interceptors. Takes
 * a service in the form of proto-loader and of gRPC's code generators, or a protocol as protobufjs's JSON. Messages of JSON
 * have their fields in camelCase, 64-bit integers as bigint, enums as their names and every default set; an absent message
 * is `null`. No code is made at run time for JSON.
 *
 *     const { Check } = defineService<HealthTypes>(healthJson, { reads: ['Check', 'Watch'] });
 *     const { status } = await invoke(client, Check, { service: '' });
 *
 * Throws `INVALID_ARGUMENT` for anything else, for a service or a type that the protocol does not have, and for unsupported
 * parts of proto2: groups, and defaults of a field's own.
 */
export function defineService<
  T extends ServiceTypes<T> = Record<string, { readonly request: unknown; readonly response: unknown }>,
>(
  protocol: ProtocolJson,
  options?: DefineServiceOptions,
): { readonly [K in keyof T]: Method<T[K]['request'], T[K]['response']> };
export function defineService<D extends ServiceDefinition>(
  definition: D,
  options?: DefineServiceOptions,
): DefinedMethods<D>;
export function defineService(
  definition: ProtocolJson | ServiceDefinition,
  options: DefineServiceOptions = {},
): Readonly<Record<string, Method>> {
  if (typeof definition !== 'object' || definition === null) {
    throw invalidArgument(
      'definition',
      `must be a service definition or a protocol as JSON, not ${describe(definition)}`,
    );
  }
  checkOptions<DefineServiceOptions>(options, { service: 'string', reads: 'object' });
  const made = isProtocol(definition)
    ? fromJson(definition, options)
    : Object.entries(definition).map(([name, one]) => [name, fromDefinition(name, one, options)] as const);
  const names = made.map(([name]) => name);
  if (names.length === 0) throw invalidArgument('definition', 'has no RPC');
  const stranger = options.reads?.find((name) => !names.includes(name));
  if (stranger !== undefined) {
    throw invalidArgument('reads', `names ${JSON.stringify(stranger)}; the service has ${names.join(', ')}`);
  }
  return Object.freeze(Object.fromEntries(made));
}

function isProtocol(definition: ProtocolJson | ServiceDefinition): definition is ProtocolJson {
  const { nested } = definition;
  return typeof nested === 'object' && nested !== null && !('path' in nested);
}

function fromDefinition(name: string, one: RpcDefinition, options: DefineServiceOptions): Method {
  const [, service, rpcName] = /^\/([^/]+)\/([^/]+)$/.exec(String(one?.path)) ?? [];
  if (
    service === undefined ||
    rpcName === undefined ||
    typeof one.requestSerialize !== 'function' ||
    typeof one.responseDeserialize !== 'function'
  ) {
    throw invalidArgument('definition', `must define ${name} by path, requestSerialize and responseDeserialize`);
  }
  const kind: MethodKind = one.requestStream ? 'bidi' : one.responseStream ? 'serverStream' : 'unary';
  const safety = options.reads?.includes(name) === true ? 'read' : 'write';
  return rpc(service, rpcName, kind, safety, definitionCodec(`${service}.${rpcName}`, one));
}

function fromJson(json: ProtocolJson, options: DefineServiceOptions): (readonly [string, Method])[] {
  const services = servicesOf(json);
  const known = [...services.keys()].join(', ') || 'none';
  const wanted = options.service ?? (services.size === 1 ? [...services.keys()][0] : undefined);
  if (wanted === undefined) throw invalidArgument('service', `must be one of the protocol's: ${known}`);
  const definition = services.get(wanted);
  if (definition === undefined) throw invalidArgument('service', `is no service of the protocol, which has ${known}`);
  return Object.entries(definition).map(([name, one]) => [name, fromDefinition(name, one, options)]);
}
