import { onAbort } from '../abort.ts';
import type { Call } from '../call.ts';
import { EtcdError, clientClosed } from '../errors.ts';
import type { Expiring } from './deadlines.ts';
import type { UnderWay, WireParts } from './wire-parts.ts';

/** Waits for work on behalf of a call that is not on the wire meanwhile. The wait ends with the call, whatever ends that. */
export function waitFor<T>(
  call: Pick<Call, 'method' | 'deadline' | 'signal'>,
  parts: WireParts,
  work: Promise<T>,
): Promise<T> {
  const { method, deadline, signal } = call;
  return new Promise((resolve, reject) => {
    const settle =
      <V>(act: (value: V) => void) =>
      (value: V): void => {
        parts.underWay.delete(waiting);
        parts.deadlines.remove(entry);
        ignoreAbort?.();
        act(value);
      };
    const fail = settle(reject);
    const waiting: Expiring & UnderWay = {
      expire: () => fail(waitedTooLong(method.label)),
      closeNow: () => fail(clientClosed(method.label)),
    };
    const over = signal?.aborted === true || parts.closed;
    const entry = over ? undefined : parts.deadlines.add(deadline, waiting);
    const ignoreAbort = over ? undefined : signal && onAbort(signal, () => fail(signal.reason));
    // The failure of the work is handled even after the call has ended.
    work.then(settle(resolve), fail);
    if (signal?.aborted) return reject(signal.reason);
    if (parts.closed) return reject(clientClosed(method.label));
    parts.underWay.add(waiting);
  });
}

function waitedTooLong(method: string): EtcdError {
  const message = 'the deadline passed before the call could be sent';
  return new EtcdError({ code: 'DEADLINE_EXCEEDED', message, outcome: 'not-applied', method });
}
