import { enumeration, map, repeated, single, type Field } from './fields.ts';
import { MessageKind } from './message-kind.ts';
import { scalars, type Kind } from './scalars.ts';

/** A field in protobufjs's JSON. */
interface FieldJson {
  readonly type: string;
  readonly id: number;
  readonly rule?: string;
  readonly keyType?: string;
  readonly options?: { readonly packed?: boolean; readonly default?: unknown };
}

/** One RPC in protobufjs's JSON. */
export interface RpcJson {
  readonly requestType: string;
  readonly responseType: string;
  readonly requestStream?: boolean;
  readonly responseStream?: boolean;
}

/** A package, message, enum or service in protobufjs's JSON. */
interface Node {
  readonly nested?: Readonly<Record<string, Node>>;
  readonly fields?: Readonly<Record<string, FieldJson>>;
  readonly oneofs?: Readonly<Record<string, { readonly oneof: readonly string[] }>>;
  readonly values?: Readonly<Record<string, number>>;
  readonly methods?: Readonly<Record<string, RpcJson>>;
  readonly group?: boolean;
}

/** Both directions of one message, as a plain object. */
export interface MessageCodec {
  /** Writes a message. Throws a TypeError that names the field that cannot hold its value. */
  encode(message: object): Buffer;
  /** Reads a message. Throws an Error for malformed bytes. */
  decode(bytes: Buffer): object;
}

/** One RPC of a service. */
export interface Rpc {
  readonly name: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly request: MessageCodec;
  readonly response: MessageCodec;
}

/**
 * The messages and services of a protocol that is given as protobufjs's JSON, in one or several parts. Tables read and write them; no code is made at run
 * time. A message that was read has every field set: 64-bit integers as bigint, enums as names (or, with `enums: 'numbers'`, as
 * numbers), `null` for an absent message. In a message that is written, `undefined` and `null` are absent.
 */
export class Protocol {
  /** All packages, messages, enums and services by their full names. The empty name is the root. */
  readonly #nodes: ReadonlyMap<string, Node>;
  readonly #enumNames: boolean;
  readonly #kinds = new Map<string, Kind>();

  constructor(parts: readonly object[], enums: 'names' | 'numbers' = 'names') {
    this.#nodes = new Map(parts.flatMap((json) => flatten('', json)));
    this.#enumNames = enums === 'names';
  }

  /** The full names of the services. */
  get services(): readonly string[] {
    return [...this.#nodes].filter(([, { methods }]) => methods !== undefined).map(([name]) => name);
  }

  /** Returns the RPCs of a service by its full name. Throws an Error if one of their messages is not declared. */
  rpcs(service: string): readonly Rpc[] {
    return Object.entries(this.#nodes.get(service)?.methods ?? {}).map(([name, rpc]) => ({
      name,
      requestStream: rpc.requestStream === true,
      responseStream: rpc.responseStream === true,
      request: this.#find(rpc.requestType, service),
      response: this.#find(rpc.responseType, service),
    }));
  }

  /** Returns the message with a full name, such as `etcdserverpb.PutRequest`. Throws an Error if there is none. */
  message(name: string): MessageCodec {
    return this.#find(name, '');
  }

  #find(type: string, scope: string): MessageKind {
    const kind = this.#resolve(type, scope);
    if (!(kind instanceof MessageKind)) throw new Error(`${type} is no message`);
    return kind;
  }

  /** Finds a type by its name in a scope, from the inside out. */
  #resolve(type: string, scope: string): Kind {
    const scalar = scalars.get(type);
    if (scalar !== undefined) return scalar;
    const parts = type.startsWith('.') ? [] : scope.split('.');
    for (; ; parts.pop()) {
      const name = [...parts, ...type.split('.')].filter((part) => part !== '').join('.');
      const node = this.#nodes.get(name);
      if (node?.fields !== undefined || node?.values !== undefined) return this.#kind(name, node);
      if (parts.length === 0) throw new Error(`the protocol has no type ${type}`);
    }
  }

  #kind(name: string, node: Node): Kind {
    const known = this.#kinds.get(name);
    if (known !== undefined) return known;
    if (node.values !== undefined) {
      const kind = enumeration(node.values, this.#enumNames);
      this.#kinds.set(name, kind);
      return kind;
    }
    if (node.group === true) throw new Error(`${name} is a group, which is not supported`);
    const kind = new MessageKind();
    this.#kinds.set(name, kind);
    const oneofs = Object.entries(node.oneofs ?? {}).flatMap(([oneof, { oneof: members }]) =>
      members.map((member) => [member, oneof] as const),
    );
    const oneofOf = new Map(oneofs);
    kind.fields = Object.entries(node.fields ?? {}).map(([field, json]) =>
      this.#field(name, field, json, oneofOf.get(field)),
    );
    return kind;
  }

  #field(message: string, name: string, json: FieldJson, oneof: string | undefined): Field {
    const { id, type, rule, keyType, options } = json;
    if (options?.default !== undefined)
      throw new Error(`${message}.${name} has a default of its own, which is not supported`);
    const kind = this.#resolve(type, message);
    if (keyType !== undefined) return map(id, name, keyType, this.#resolve(keyType, ''), kind);
    return rule === 'repeated' ? repeated(id, name, kind, options?.packed !== false) : single(id, name, kind, oneof);
  }
}

function flatten(name: string, node: Node): (readonly [string, Node])[] {
  const inner = Object.entries(node.nested ?? {}).flatMap(([part, child]) =>
    flatten(name === '' ? part : `${name}.${part}`, child),
  );
  return [[name, node], ...inner];
}
