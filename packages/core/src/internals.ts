import type { ClientSite } from './call.ts';
import type { CallOptionNames } from './call-options.ts';
import { inOtherVersions, shared, VERSION } from './copies.ts';
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

// The wrapper of one copy of this package takes the client of another.
const CLIENTS = 'clients';
const behind = shared(CLIENTS, () => new WeakMap<object, Internals>());

/** Stores the internals of a client. */
export function setInternals(client: object, internals: Internals): void {
  behind.set(client, internals);
}

/** Returns the internals of a client. Refuses what this package did not make, including copies and proxies of a client. */
export function internalsOf(client: object): Internals {
  const internals = behind.get(client);
  if (internals !== undefined) return internals;
  const [other] = inOtherVersions(CLIENTS).find(([, clients]) => (clients as WeakSet<object>).has(client)) ?? [];
  throw invalidArgument(
    'client',
    other === undefined
      ? 'is no client of this package: pass the object that createClient, intercept or wrapClient returned, not a copy of it'
      : `is one of @etcdts/core ${other}, but this package uses ${VERSION}: install one version, see npm ls @etcdts/core`,
  );
}
