import { authAdmin } from '@etcdts/auth';
import type { EtcdClient } from '@etcdts/core';

/** Who makes the faults. */
export const ROOT = { username: 'root', password: 'password-of-root' } as const;
/** Who works. */
export const APP = { username: 'app', password: 'password-of-app' } as const;

/** Options of the members: tokens that end after seconds, and passwords that are cheap to check. */
export const TOKENS = { authTokenTtl: 3, extraArgs: ['--bcrypt-cost=4'] } as const;

/** Turns authentication on, so that tokens end all the time: with their time, with the leader, with the member. */
export async function enableAuth(client: EtcdClient): Promise<void> {
  const admin = authAdmin(client);
  await admin.roleAdd('all-keys');
  await admin.roleGrantPermission('all-keys', { type: 'readwrite', key: '', fromKey: true });
  for (const { username, password } of [ROOT, APP]) await admin.userAdd(username, password);
  await admin.userGrantRole(ROOT.username, 'root');
  await admin.userGrantRole(APP.username, 'all-keys');
  await admin.enable();
}
