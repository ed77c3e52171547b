import type { Bytes, CallOptions, EtcdOperations } from '@etcdts/core';
import { EtcdError } from '@etcdts/core';
import { callOptionsOf, siteOf } from '@etcdts/core/plugin';
import { contendersOf } from './keys.ts';
import type { Leader } from './leader.ts';
import { Observation, type ObservationParts } from './observation.ts';

/**
 * Options of `observeElection` and `Election.observe`. `timeoutMs` bounds the time until the first leader is read, and is off by
 * default; `signal` ends the iteration, which throws its reason.
 */
export interface ObserveOptions extends CallOptions {
  /** Whether to yield `undefined` as well, when nobody leads. Defaults to false. */
  readonly vacancies?: boolean | undefined;
}

/**
 * Follows an election: yields the leader, then each of its proclamations and each new leader, in order, none twice, never an older
 * leader after a newer one (concurrency/election.go `Observe`). With `vacancies` it also yields `undefined` when nobody leads,
 * first of all if nobody leads at the start. Needs no session.
 *
 * It sends nothing before it is read, and goes on while it is not: for a slow reader the newest 64 leaders and proclamations of at
 * most 1 MiB are kept, and older ones are left out. It survives lost connections and compactions. The iteration throws the reason of
 * `signal`, or the error of a failure that does not pass; it ends when the client is closed. It is read once: a second iteration
 * throws `FAILED_PRECONDITION`.
 */
export function observeElection(
  client: EtcdOperations,
  name: Bytes,
  options: ObserveOptions & { readonly vacancies: true },
): AsyncIterable<Leader | undefined>;
/** Follows an election without its vacancies. */
export function observeElection(client: EtcdOperations, name: Bytes, options?: ObserveOptions): AsyncIterable<Leader>;
export function observeElection(
  client: EtcdOperations,
  name: Bytes,
  options?: ObserveOptions,
): AsyncIterable<Leader | undefined> {
  return observeContenders(client, contendersOf(name), options);
}

/** As `observeElection`, with the prefix of the candidates' keys. */
export function observeContenders(
  client: EtcdOperations,
  contenders: Buffer,
  options: ObserveOptions = {},
): AsyncIterable<Leader | undefined> {
  const callOptions = callOptionsOf<ObserveOptions>(client, options, { vacancies: 'boolean' });
  const { vacancies = false } = options;
  return observe(client, { contenders, vacancies, options: callOptions, site: siteOf(client) });
}

/** As `observeElection`, with checked arguments. */
export function observe(client: EtcdOperations, parts: ObservationParts): AsyncIterable<Leader | undefined> {
  let taken = false;
  return {
    [Symbol.asyncIterator]() {
      if (taken) throw secondReader();
      taken = true;
      return new Observation(client, parts);
    },
  };
}

function secondReader(): EtcdError {
  return new EtcdError({
    code: 'FAILED_PRECONDITION',
    message: 'what observeElection() returns is read once, and this one has its reader: call it once for each reader',
    outcome: 'not-applied',
  });
}
