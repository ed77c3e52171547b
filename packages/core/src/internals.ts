import type { ClientSite } from './call.ts';
import type { CallOptionNames } from './call-options.ts';
import { invalidArgument } from './errors.ts';
import type { Layer } from './layer.ts';
import type { Services } from './operations.ts';
import type { Pipeline } from './pipeline/pipeline.ts';

/** The private parts of a client. The application cannot reach them, so that there is no way around a wrapper. */
export interface Internals {
  readonly services: Services;
  /** The call options that the client understands. */
  readonly names: CallOptionNames;
  readonly site: ClientSite;
  readonly layer: Layer;
  /** The pipeline of the client's RPCs; `undefined` for a wrapped client, because such RPCs would bypass its wrapper. */
  readonly pipeline?: Pipeline | undefined;
}

const behind = new WeakMap<object, Internals>();

/** Stores the internals of a client. */
export function setInternals(client: object, internals: Internals): void {
  behind.set(client, internals);
}

/** Returns the internals of a client. Refuses what this package did not make, including copies and proxies of a client. */
export function internalsOf(client: object): Internals {
  const internals = behind.get(client);
  if (internals !== undefined) return internals;
  throw invalidArgument(
    'client',
    'is no client of this package: pass the object that createClient, intercept or wrapClient returned, not a copy of it',
  );
}
