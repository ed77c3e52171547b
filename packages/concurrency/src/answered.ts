import type { Op, TxnInput, TxnResponse } from '@etcdts/core';
import { untilAnswered } from './repeat.ts';
import type { Wait } from './wait.ts';

/** Sends a transaction of a contender until it is answered. It must do no harm if it is applied twice. */
export function answered<const Then extends readonly Op[], const Else extends readonly Op[]>(
  request: TxnInput<Then, Else>,
  { state: { client, site }, options, signal, deadline }: Wait,
): Promise<TxnResponse<Then, Else>> {
  return untilAnswered(site, { ...options, signal }, deadline, (call) => client.kv.txn(request, call));
}
