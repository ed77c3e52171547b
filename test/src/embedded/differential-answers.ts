// The answers of two etcds, in a form that can be compared.
import type { Message, Outcome } from '../raw-etcd.ts';

/** The outcome without the fields in which two etcds must differ. */
export function comparable(name: string, { responses, error }: Outcome): object {
  const stripped = strip(responses) as Message[];
  if (name === 'Lease.LeaseTimeToLive')
    for (const response of stripped) (response['keys'] as string[] | undefined)?.sort();
  // Before 3.6 an etcd does not return the revision.
  if (name === 'Maintenance.HashKV') for (const response of stripped) delete response['hashRevision'];
  // The seconds that are left depend on the time of each request.
  if (name === 'Lease.LeaseTimeToLive')
    for (const response of stripped) response['TTL'] = (response['TTL'] as bigint) > 0n ? 'some' : response['TTL'];
  if (name === 'Lease.LeaseLeases')
    for (const response of stripped)
      response['leases'] = (response['leases'] as Message[] | undefined)?.map(shown).sort();
  return { responses: stripped, error };
}

/** A message without the ids of its etcd. */
export function strip(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strip);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => !['clusterId', 'memberId', 'raftTerm'].includes(key));
  return Object.fromEntries(entries.map(([key, inner]) => [key, strip(inner)]));
}

/** Converts any value to text. */
export function shown(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'bigint' ? String(inner) : isBuffer(inner) ? Buffer.from(inner.data).toString('latin1') : inner,
  );
}

function isBuffer(value: unknown): value is { data: number[] } {
  return typeof value === 'object' && value !== null && (value as { type?: unknown }).type === 'Buffer';
}

/** The position at which two texts begin to differ. */
export function difference(real: string, embedded: string): string {
  let at = 0;
  while (real[at] === embedded[at]) at++;
  const from = Math.max(0, at - 300);
  return `at character ${at}\n  etcd:     …${real.slice(from, at + 300)}\n  embedded: …${embedded.slice(from, at + 300)}`;
}
