// The promises of authentication, on any etcd.
import { suite } from '@etcdts/testing';
import type { Suite } from '@etcdts/testing';
import { authEnabling } from './enabling.ts';
import type { AuthServer } from './auth-etcd.ts';
import { authLeases } from './leases.ts';
import { authMaintenance } from './maintenance.ts';
import { authPermissions } from './permissions.ts';
import { authTokens } from './tokens.ts';
import { authTxns } from './txns.ts';
import { authUsers } from './users.ts';
import { authWatches } from './watches.ts';
import type { Server } from '../contract-clients.ts';

/** Makes the suite of the auth contract. `plain` makes an etcd without users. */
export function authSuite(name: string, start: () => Promise<AuthServer>, plain: () => Promise<Server>): Suite {
  const [test, server] = suiteOn(name, start);
  authEnabling(test, server, plain);
  authUsers(test, server);
  authPermissions(test, server);
  authTxns(test, server);
  authLeases(test, server);
  authMaintenance(test, server);
  authTokens(test, server);
  authWatches(test, server);
  return test;
}

/** Makes the suite of the tests that depend on the kind of token. */
export function authTokenSuite(name: string, start: () => Promise<AuthServer>): Suite {
  const [test, server] = suiteOn(name, start);
  authTokens(test, server);
  authWatches(test, server);
  return test;
}

function suiteOn(name: string, start: () => Promise<AuthServer>): [Suite, () => AuthServer] {
  const test = suite(`${name} contract`, { timeoutMs: 30_000 });
  let one: AuthServer | undefined;
  test.before(async () => {
    one = await start();
  });
  test.after(() => one?.[Symbol.asyncDispose]());
  return [test, () => one as AuthServer];
}
