// The errors that end a watch or its stream.
import { EtcdError, serverText } from '../errors.ts';
import { serverError } from '../failures.ts';
import { hinted } from '../hints.ts';
import { secondReader } from '../inbox.ts';
import type { ResponseHeader, WatchResponseMessage } from '../messages.ts';
import { methods } from '../methods.ts';

const COMMON = { outcome: 'not-applied', method: methods.watch.label } as const;

/** The application cancelled the watch before etcd registered it. */
export function cancelled(): EtcdError {
  const message = 'the watch was cancelled before etcd registered it';
  return new EtcdError({ code: 'CANCELLED', message, ...COMMON });
}

/** etcd did not register the watch in the time that its `timeoutMs` allows. */
export function notCreated(timeoutMs: number): EtcdError {
  const message = `etcd did not register the watch within ${timeoutMs} ms`;
  return new EtcdError({ code: 'DEADLINE_EXCEEDED', message, ...COMMON });
}

/** The reason why etcd cancelled a watch, or refused to create it. */
export function cancelError(message: WatchResponseMessage): EtcdError {
  const { compactRevision } = message;
  if (compactRevision > 0n) {
    const text = `revisions before ${compactRevision} are compacted`;
    return new EtcdError({ code: 'COMPACTED', message: text, ...COMMON, compactRevision });
  }
  const reason = serverText(message.cancelReason);
  const known = serverError(message.cancelReason);
  return new EtcdError({
    code: known ?? 'WATCH_CANCELED',
    message: hinted(known ?? 'WATCH_CANCELED', reason || 'etcd cancelled the watch without a reason'),
    ...COMMON,
  });
}

/** A second iteration of a watch, or of its events, is refused. */
export function secondWatchReader(): EtcdError {
  return secondReader('a watch', 'open a second watch to read its events twice', COMMON.method);
}

/** The server broke the watch protocol, so its stream is of no use. */
export function protocolError(why: string): EtcdError {
  const message = `the server broke the watch protocol: it ${why}`;
  return new EtcdError({ code: 'INTERNAL', message, ...COMMON });
}

/** The events of one revision, which are delivered together, exceed the largest response. */
export function tooLarge(maxReceiveBytes: number): EtcdError {
  const message = `one revision has more events than fit in maxReceiveBytes (${maxReceiveBytes}): create the client with a larger one`;
  return new EtcdError({ code: 'RESPONSE_TOO_LARGE', message, ...COMMON });
}

/** The error of a watch whose stream reached another cluster; `undefined` if the ids are equal or one is not given. */
export function otherCluster(
  { clusterId: before }: ResponseHeader,
  { clusterId: now }: ResponseHeader,
): EtcdError | undefined {
  if (now === before || now === 0n || before === 0n) return undefined;
  return clusterReset(`its id was ${hex(before)}, now it is ${hex(now)}`);
}

/** The history of a watch is gone: etcd was wiped, restored from a backup, or is another cluster. */
export function clusterReset(why: string): EtcdError {
  const message = `the cluster is not the one that this watch began on: ${why}`;
  return new EtcdError({ code: 'CLUSTER_RESET', message, ...COMMON });
}

function hex(id: bigint): string {
  return BigInt.asUintN(64, id).toString(16);
}
