// What requests cost of the quota of the database (server/storage/quota.go).
import type { PutRequest, RequestOp, TxnRequest } from './messages.ts';

/** The quota if none is given: 2 GiB. */
const DEFAULT_BYTES = 2 * 2 ** 30;
/** etcd's estimate for a key beside its bytes. */
const PUT_BYTES = 256;
/** What a lease costs: etcd's estimate. */
export const LEASE_COST = 64;

/** What a put costs. */
export function costOfPut({ key, value }: Pick<PutRequest, 'key' | 'value'>): number {
  return PUT_BYTES + key.length + value.length;
}

/** What a transaction costs: its more expensive branch. One without puts costs nothing. */
export function costOfTxn({ success, failure }: TxnRequest): number {
  return Math.max(costOf(success), costOf(failure));
}

function costOf(operations: readonly RequestOp[]): number {
  return operations.reduce((sum, { requestPut, requestTxn }) => {
    if (requestPut) return sum + costOfPut(requestPut);
    return requestTxn ? sum + costOfTxn(requestTxn) : sum;
  }, 0);
}

/** The largest size of the database for a quota in bytes: 0 is the default, a negative one is none. */
export function limitOf(quotaBackendBytes: number): number {
  if (quotaBackendBytes === 0) return DEFAULT_BYTES;
  return quotaBackendBytes < 0 ? Infinity : quotaBackendBytes;
}

/** The quota that a status reports. It reports a negative one as it is. */
export function reportedQuota(quotaBackendBytes: number): number {
  return quotaBackendBytes === 0 ? DEFAULT_BYTES : quotaBackendBytes;
}
