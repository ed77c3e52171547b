// Users of a test's own, and what they are told.
import { auth, type PermissionOptions } from '@etcdts/auth';
import { createClient, isEtcdError, type EtcdClient } from '@etcdts/core';
import { invoke, methods } from '@etcdts/core/plugin';
import { isAtLeast } from '@etcdts/testing';
import type { AuthServer } from './auth-etcd.ts';

/** A user who may do what was granted, and nothing else. */
export interface LimitedUser extends AsyncDisposable {
  /** The user's name, and that of the role that all is granted to. */
  readonly name: string;
  readonly password: string;
  readonly client: EtcdClient;
}

export const DENIED = { code: 'PERMISSION_DENIED', outcome: 'not-applied' };

let users = 0;

export async function limitedUser(one: AuthServer, ...permissions: PermissionOptions[]): Promise<LimitedUser> {
  const name = `limited-${++users}`;
  const password = `password of ${name}`;
  await one.admin.userAdd(name, password);
  await one.admin.roleAdd(name);
  await one.admin.userGrantRole(name, name);
  for (const permission of permissions) await one.admin.roleGrantPermission(name, permission);
  const client = one.as({ username: name, password });
  return { name, password, client, [Symbol.asyncDispose]: () => client.close() };
}

/** A client that signs in as nobody. */
export function nobody(one: AuthServer): EtcdClient {
  return createClient({ endpoints: one.endpoint });
}

/** A client that has one token and takes no other. */
export function withToken(one: AuthServer, token: string): EtcdClient {
  return createClient({ endpoints: one.endpoint, interceptors: [auth({ token })] });
}

/** A token of a user, asked for by hand. */
export async function signIn(one: AuthServer, name: string, password: string): Promise<string> {
  await using client = nobody(one);
  return (await invoke(client, methods.authenticate, { name, password })).token;
}

/** A lease that root has granted, which goes when the test is over. */
export async function foreignLease({ client }: AuthServer): Promise<{ readonly id: bigint } & AsyncDisposable> {
  const { id } = await client.lease.grant(600);
  const revoke = async (): Promise<void> => {
    await client.lease.revoke(id).catch((error: unknown) => {
      if (!isEtcdError(error, 'LEASE_NOT_FOUND')) throw error;
    });
  };
  return { id, [Symbol.asyncDispose]: revoke };
}

/** How calls end that are made one after the other: `ok`, or the code of the error. */
export async function outcomes(...calls: (() => Promise<unknown>)[]): Promise<string[]> {
  const ends: string[] = [];
  for (const call of calls) {
    const end = await call().then(
      () => 'ok',
      (error: unknown) => error,
    );
    if (typeof end !== 'string' && !isEtcdError(end)) throw end;
    ends.push(typeof end === 'string' ? end : end.code);
  }
  return ends;
}

/**
 * Whether it is one of the etcds that ask who calls wherever that matters. The ones before take most calls about leases,
 * compaction, alarms, the status and the list of members from anybody, and what is put or nested inside a transaction
 * for permitted.
 */
export function asksEverywhere({ version }: AuthServer): boolean {
  if (isAtLeast(version, '3.7')) return true;
  return isAtLeast(version, isAtLeast(version, '3.6') ? '3.6.12' : '3.5.32');
}

/** Whether it is one of the etcds whose status is for root alone: from the fix of CVE-2026-33413 on, until etcd #21663. */
export function keepsStatus(version: string): boolean {
  if (isAtLeast(version, '3.6')) return !isAtLeast(version, '3.6.12');
  return isAtLeast(version, '3.5.28') && !isAtLeast(version, '3.5.32');
}
