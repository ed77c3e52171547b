// Users of one test, and the results of their calls.
import { auth, type PermissionOptions } from '@etcdts/auth';
import { createClient, isEtcdError, type EtcdClient } from '@etcdts/core';
import { invoke, methods } from '@etcdts/core/plugin';
import { isAtLeast } from '@etcdts/testing';
import type { AuthServer } from './auth-etcd.ts';

/** A user with only the permissions that a test grants. */
export interface LimitedUser extends AsyncDisposable {
  /** The name of the user and of its role. */
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

/** A client without a user. */
export function nobody(one: AuthServer): EtcdClient {
  return createClient({ endpoints: one.endpoint });
}

/** A client that has one token and fetches no other. */
export function withToken(one: AuthServer, token: string): EtcdClient {
  return createClient({ endpoints: one.endpoint, interceptors: [auth({ token })] });
}

/** Fetches a token of a user by its own request. */
export async function signIn(one: AuthServer, name: string, password: string): Promise<string> {
  await using client = nobody(one);
  return (await invoke(client, methods.authenticate, { name, password })).token;
}

/** A lease that root grants. It ends with the test. */
export async function foreignLease({ client }: AuthServer): Promise<{ readonly id: bigint } & AsyncDisposable> {
  const { id } = await client.lease.grant(600);
  const revoke = async (): Promise<void> => {
    await client.lease.revoke(id).catch((error: unknown) => {
      if (!isEtcdError(error, 'LEASE_NOT_FOUND')) throw error;
    });
  };
  return { id, [Symbol.asyncDispose]: revoke };
}

/** The results of calls that are made one after the other: `ok`, or the code of the error. */
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
 * Whether an etcd checks the user in all calls. Older releases accept most calls about leases, compaction, alarms, the status and
 * the list of members from any caller, and permit all puts and nested transactions inside a transaction.
 */
export function asksEverywhere({ version }: AuthServer): boolean {
  if (isAtLeast(version, '3.7')) return true;
  return isAtLeast(version, isAtLeast(version, '3.6') ? '3.6.12' : '3.5.32');
}

/** Whether only root may read the status of an etcd: from the fix of CVE-2026-33413 until etcd #21663. */
export function keepsStatus(version: string): boolean {
  if (isAtLeast(version, '3.6')) return !isAtLeast(version, '3.6.12');
  return isAtLeast(version, '3.5.28') && !isAtLeast(version, '3.5.32');
}
