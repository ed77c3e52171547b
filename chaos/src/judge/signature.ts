import type { Request } from '../history.ts';
import type { LoggedRequest } from './log.ts';

/** A text that a request of the history and its entry in the log have in common. */
export function signatureOf(request: Request | LoggedRequest): string {
  return JSON.stringify(formOf(request));
}

function formOf(request: LoggedRequest): readonly unknown[] {
  const { type, key, end = '', other = false } = request;
  switch (type) {
    case 'put':
      return [type, key, request.value, request.lease ?? '0', other];
    case 'get':
    case 'delete':
      return [type, key, end];
    case 'txn': {
      const compares = request.compares?.map((one) => [one.key, one.target, String(one.value), one.other ?? false]);
      return [type, compares ?? [], request.success?.map(formOf) ?? [], request.failure?.map(formOf) ?? [], other];
    }
    case 'compact':
      return [type, request.revision];
    case 'grant':
    case 'revoke':
      return [type, request.lease];
  }
}

/** Whether a request only reads: etcd writes no such request into its log. */
export function isRead(request: LoggedRequest): boolean {
  if (request.type !== 'txn') return request.type === 'get';
  return [...(request.success ?? []), ...(request.failure ?? [])].every(isRead);
}

/** Whether a value that is unique in the whole history makes the request unique too. */
export function isUnique(request: LoggedRequest): boolean {
  if (request.type === 'txn') return [...(request.success ?? []), ...(request.failure ?? [])].some(isUnique);
  return request.type === 'put' || request.type === 'grant';
}
