import { describe } from './describe.ts';
import { invalidArgument } from './errors.ts';
import { rpc, type Method, type MethodKind } from './methods.ts';

const KINDS: readonly MethodKind[] = ['unary', 'serverStream', 'bidi'];

// The completed forms of methods that lack a field, such as those of another copy of this package.
const completed = new WeakMap<object, Method>();

/** Checks a value that is given as a method, and refuses a wrong one by name. `unary` is whether the method must be unary. */
export function knownMethod(value: unknown, unary: boolean): Method {
  const method = completeMethod(value);
  if ((method.kind === 'unary') === unary) return method;
  const needed = unary ? 'a stream, and not sent by invoke' : 'a unary RPC, and no stream';
  throw invalidArgument('method', `${method.label} is ${needed}`);
}

function completeMethod(value: unknown): Method {
  if (typeof value !== 'object' || value === null) {
    throw invalidArgument('method', `must be one of methods, or made by defineService, not ${describe(value)}`);
  }
  const known = completed.get(value);
  if (known !== undefined) return known;
  const { path, kind, codec, label, safety, repeat } = value as Partial<Method>;
  const [, service, name] = /^\/([^/]+)\/([^/]+)$/.exec(String(path)) ?? [];
  if (service === undefined || name === undefined) {
    throw invalidArgument(
      'method',
      'must have a path, as /etcdserverpb.KV/Range; take one of methods, or defineService',
    );
  }
  if (kind === undefined || !KINDS.includes(kind)) {
    throw invalidArgument('method', `${path} has an unknown kind; the kinds are ${KINDS.join(', ')}`);
  }
  if (typeof codec?.encodeRequest !== 'function' || typeof codec.decodeResponse !== 'function') {
    throw invalidArgument('method', `${path} has no codec; defineService makes one`);
  }
  const whole = label !== undefined && safety !== undefined && repeat !== undefined;
  const method = whole ? (value as Method) : rpc(service, name, kind, safety ?? 'write', codec, repeat);
  completed.set(value, method);
  return method;
}
