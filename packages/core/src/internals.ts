import type { ClientSite } from './call.ts';
import type { CallOptionNames } from './call-options.ts';
import { invalidArgument } from './errors.ts';
import type { Layer } from './layer.ts';
import type { Services } from './operations.ts';
import type { Pipeline } from './pipeline/pipeline.ts';

/** What stands behind a client. The application cannot reach it: a wrapped client has no way around its wrapper. */
export interface Internals {
  readonly services: Services;
  /** The call options that the client understands. */
  readonly names: CallOptionNames;
  readonly site: ClientSite;
  readonly layer: Layer;
  /** What RPCs pass; `undefined` for a wrapped client, whose wrapper they would pass by. */
  readonly pipeline?: Pipeline | undefined;
}

const behind = new WeakMap<object, Internals>();

/** Puts the internals behind a client. */
export function setInternals(client: object, internals: Internals): void {
  behind.set(client, internals);
}

/** What stands behind a client; refuses what this package did not make, copies and proxies of a client included. */
export function internalsOf(client: object): Internals {
  const internals = behind.get(client);
  if (internals !== undefined) return internals;
  throw invalidArgument(
    'client',
    'is no client of this package: pass the object that createClient, intercept or wrapClient returned, not a copy of it',
  );
}
