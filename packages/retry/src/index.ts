/**
 * `@etcdts/retry` repeats the calls of an etcd client that failed, if that is safe.
 *
 * Create the interceptor with `retry()`, and attach it to a client, above the interceptors that each try must pass:
 *
 * ```ts
 * const client = createClient({ endpoints, interceptors: [retry()] });
 * ```
 *
 * Use the client as before. Reads are repeated, on another member and within their deadline; a write only if its failed try
 * provably had no effect. A call may differ: `client.kv.get('key', { retry: { maxAttempts: 3 } })`, or `retry: false`.
 *
 * @module
 *
 * @packageDocumentation
 */
import type { Interceptor } from '@etcdts/core/plugin';
import { retryInterceptor } from './interceptor.ts';
import type { RetryCallOptions, RetryOptions } from './options.ts';

export type { RetryBudgetOptions, RetryCallOptions, RetryOptions } from './options.ts';

declare module '@etcdts/core' {
  interface CallOptions {
    /** How this call is repeated, if it differs from the options of `retry()`. `false` means not at all. */
    retry?: RetryCallOptions | false | undefined;
  }
}

/**
 * Makes an interceptor, named `retry`, that repeats failed calls (clientv3/retry_interceptor.go).
 *
 * - Reads, transactions that only get, revokes, and grants with an id that the client drew are repeated after every failure that
 *   another try may turn into an answer. After a grant that may have been applied, the lease is read first, and the next try has
 *   another id. Other writes are repeated only if the failed try was `'not-applied'` and no earlier one was unknown. Verdicts of
 *   etcd, such as `COMPACTED` or `PERMISSION_DENIED`, are final, and so are token errors, which `@etcdts/auth` handles.
 * - A call rejects with its last error: `attempts` counts all tries, and `outcome` is `'unknown'` if any of them is.
 * - The deadline is for the whole call; there is no pause that would end after it. An abort and a close end a pause at once.
 * - Snapshots and streamed ranges are opened again until their first message. Watches and keepalives resume with or without this
 *   interceptor.
 *
 * All clients of the interceptor share the budget. Throws `INVALID_ARGUMENT` for a wrong option.
 */
export function retry(options: RetryOptions = {}): Interceptor {
  return retryInterceptor(options);
}
