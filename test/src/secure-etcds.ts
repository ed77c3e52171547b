// The etcds with TLS that the documents speak of, and the files that their programs read.
import { readFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { auth, authAdmin } from '@etcdts/auth';
import { createClient } from '@etcdts/core';
import { createCertificates, NoOpenssl, startEtcd, type EtcdServer, type TestCertificates } from '@etcdts/testing';

/** An etcd with TLS and a user `app`, and one that wants client certificates. */
export interface SecureEtcds {
  readonly tls: EtcdServer;
  readonly mutual: EtcdServer;
  /** Where `ca.pem`, `client.pem` and `client-key.pem` are. */
  readonly folder: string;
  /** Of the user `app`, in `ETCD_PASSWORD` for the programs. */
  readonly password: string;
  close(): Promise<void>;
}

const PASSWORD = 'a password of the documents';

/** Starts both; `undefined` if there is no openssl to make certificates. */
export async function startSecureEtcds(): Promise<SecureEtcds | undefined> {
  let certificates: TestCertificates;
  try {
    certificates = await createCertificates();
  } catch (error) {
    if (error instanceof NoOpenssl) return undefined;
    throw error;
  }
  const { ca, server, client } = certificates;
  const folder = dirname(ca);
  const { cert, key } = await client('app');
  for (const [from, to] of [
    [ca, 'ca.pem'],
    [cert, 'client.pem'],
    [key, 'client-key.pem'],
  ] as const) {
    await copyFile(from, join(folder, to));
  }
  const [tls, mutual] = await Promise.all([
    startEtcd({ tls: server }),
    startEtcd({ tls: { ...server, ca, clientCertAuth: true } }),
  ]);
  await requirePassword(tls, ca);
  const close = async (): Promise<void> => {
    await Promise.all([tls.close(), mutual.close()]);
    await certificates.close();
  };
  return { tls, mutual, folder, password: PASSWORD, close };
}

/** Adds the user of the documents, who may do everything with keys, and enables authentication. */
async function requirePassword({ endpoints }: EtcdServer, ca: string): Promise<void> {
  const interceptors = [auth({ username: 'root', password: PASSWORD })];
  await using root = createClient({ endpoints, tls: { ca: readFileSync(ca) }, interceptors });
  const admin = authAdmin(root);
  await admin.userAdd('root', PASSWORD);
  await admin.userGrantRole('root', 'root');
  await admin.roleAdd('everything');
  await admin.roleGrantPermission('everything', { type: 'readwrite', key: '', prefix: true });
  await admin.userAdd('app', PASSWORD);
  await admin.userGrantRole('app', 'everything');
  await admin.enable();
}
