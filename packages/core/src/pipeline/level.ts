import { knownMethod } from '../known-method.ts';
import { methods, type Method } from '../methods.ts';

const TABLE = Object.values(methods) as Method[];

/**
 * The handlers of one level of a pipeline, one per method, for unary calls or for streams. The handlers of etcd's RPCs are made
 * with the client, those of other services on first use.
 */
export class Level<H> {
  readonly #unary: boolean;
  readonly #make: (method: Method) => H;
  readonly #table: ReadonlyMap<unknown, H>;
  // The keys are weak, because an application may define a service anew for each client.
  readonly #others: WeakMap<Method, H> = new WeakMap();

  constructor(unary: boolean, make: (method: Method) => H) {
    this.#unary = unary;
    this.#make = make;
    this.#table = new Map(
      TABLE.filter(({ kind }) => (kind === 'unary') === unary).map((method) => [method, make(method)]),
    );
  }

  /** The handler of an RPC of etcd's API; `undefined` for any other value. */
  inTable(method: Method): H | undefined {
    return this.#table.get(method);
  }

  /** The handler of any method that `known` has returned. */
  of(method: Method): H {
    const found = this.#table.get(method) ?? this.#others.get(method);
    if (found !== undefined) return found;
    const made = this.#make(method);
    this.#others.set(method, made);
    return made;
  }

  /** Checks and completes a value that is given as a method. Anything else is refused by name. */
  known(value: unknown): Method {
    return knownMethod(value, this.#unary);
  }
}
