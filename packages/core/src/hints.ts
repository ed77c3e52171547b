// What a user can do about a failure, for the texts of errors.
import type { EtcdErrorCode } from './error-codes.ts';

const HINTS: Partial<Record<EtcdErrorCode, string>> = {
  USER_EMPTY: 'authentication is enabled: attach auth() of @etcdts/auth to the client',
  AUTH_NOT_ENABLED: 'authAdmin(client).enable() of @etcdts/auth enables authentication',
  ROOT_USER_NOT_EXIST: 'add the user root first, and grant it the role root',
  ROOT_ROLE_NOT_EXIST: 'grant the user root the role root first',
  REQUEST_TOO_LARGE: "the limit is the server's flag --max-request-bytes",
  TOO_MANY_OPS: "the limit is the server's flag --max-txn-ops",
  NO_SPACE: 'compact, defragment each member, then disarm the alarm',
  RESPONSE_TOO_LARGE: 'the limit is maxReceiveBytes; kv.pages reads a range in parts',
};

/** The text of a server's failure, with what to do about it if that is known. */
export function hinted(code: EtcdErrorCode, text: string): string {
  const hint = HINTS[code];
  return hint === undefined ? text : `${text}; ${hint}`;
}
