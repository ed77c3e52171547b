import type { Op, TxnInput, TxnResponse } from '@etcdts/core';
import { untilAnswered } from './repeat.ts';
import type { Wait } from './wait.ts';

/**
 * Sends a transaction of a contender until it is answered. It must do no harm if it is applied twice. `onUncertain` is called before
 * a further try if an earlier one may have been applied, or may be later.
 */
export function answered<const Then extends readonly Op[], const Else extends readonly Op[]>(
  request: TxnInput<Then, Else>,
  { state: { client, site }, options, signal, deadline }: Wait,
  onUncertain?: () => void,
): Promise<TxnResponse<Then, Else>> {
  return untilAnswered(site, { ...options, signal }, deadline, (call, uncertain) => {
    if (uncertain) onUncertain?.();
    return client.kv.txn(request, call);
  });
}
