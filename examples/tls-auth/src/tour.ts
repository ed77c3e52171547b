// A client over TLS that authenticates, looks at what it may do, and writes one key.
//   ETCDCTL_ENDPOINTS=https://localhost:2379 ETCDCTL_CACERT=ca.pem ETCDCTL_USER=app ETCDCTL_PASSWORD=… \
//     node examples/tls-auth/dist/tour.js app/greeting hello
import { auth, authAdmin } from '@etcdts/auth';
import { createClient, isEtcdError, type Permission } from '@etcdts/core';
import { retry } from '@etcdts/retry';
import { settingsFrom } from './settings.ts';

const [key = 'greeting', value = 'hello'] = process.argv.slice(2);
const { connection, credentials } = settingsFrom(process.env);
// auth() inside of retry(): each try has the token of its time.
const interceptors = credentials === undefined ? [retry()] : [retry(), auth(credentials)];
await using client = createClient({ ...connection, interceptors });

/** What a user may do, as etcd tells everyone about themselves. */
async function introduce(username: string): Promise<void> {
  const admin = authAdmin(client);
  for (const role of (await admin.userGet(username)).roles) {
    console.log(`${username} has the role ${role}`);
    for (const one of (await admin.roleGet(role)).permissions) console.log(`  ${one.type} ${rangeOf(one)}`);
  }
}

function rangeOf({ key, rangeEnd = Buffer.of() }: Permission): string {
  const [from, to] = [Buffer.from(key).toString(), Buffer.from(rangeEnd).toString()];
  if (to === '') return from;
  return to === '\0' ? `${from} and all after it` : `${from} to ${to}`;
}

try {
  if (credentials !== undefined) await introduce(credentials.username);
  await client.kv.put(key, value);
  console.log(`${key} is ${(await client.kv.get(key)).kvs[0]?.text()}`);
  for (const { address, secure } of client.describe().endpoints) console.log(`${address}: ${secure ? 'TLS' : 'plain'}`);
} catch (error) {
  if (!isEtcdError(error)) throw error;
  // PERMISSION_DENIED and AUTH_FAILED, a wrong password, are etcd's verdicts. No error has the password in it.
  console.log(`refused: ${error.message}`);
  process.exitCode = 1;
}
