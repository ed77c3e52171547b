// What a package takes from a client to add operations of its own above the facades.
import type { CallOptions, ClientSite } from './call.ts';
import { ownOptions } from './call-options.ts';
import { internalsOf } from './internals.ts';
import type { OptionCheck } from './known-options.ts';
import type { EtcdOperations } from './operations.ts';

/**
 * The clock, the random numbers, the log and the default deadline of a client or a wrapped client, for packages that wait between its operations.
 * Throws `INVALID_ARGUMENT` for a copy of a client.
 */
export function siteOf(client: EtcdOperations): ClientSite {
  return internalsOf(client).site;
}

/**
 * The call options among the options of an operation that a package adds: what the package hands on to the calls that it makes.
 * `own` has a check for each option of the operation itself, as for `checkOptions`. Throws `INVALID_ARGUMENT` for an option that
 * neither the operation nor the client understands, with the known one that it resembles, and for a value of another type. So a
 * package refuses a misspelt option before it sends anything, and takes those that the client's plugins declare.
 *
 *     const callOptions = callOptionsOf<LockOptions>(client, options, { reentrant: 'boolean' });
 */
export function callOptionsOf<O extends CallOptions>(
  client: EtcdOperations,
  options: O | undefined,
  own: Readonly<Record<Exclude<keyof O, keyof CallOptions>, OptionCheck>>,
): CallOptions {
  return internalsOf(client).names.of(options, ownOptions<O>(own));
}
