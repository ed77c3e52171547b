// An interceptor of one's own: it prints each RPC with its duration, and how streams are lost and resumed.
import { isEtcdError } from '@etcdts/core';
import { methods, tapStream, type Interceptor, type Method } from '@etcdts/core/plugin';
import type { WatchRequest, WatchResponseMessage } from '@etcdts/core/plugin';
import { rpc } from './stage.ts';

export const trace: Interceptor = {
  name: 'trace',
  unary: (next, method) => async (call) => {
    const started = performance.now();
    try {
      const response = await next(call);
      report(nameOf(method), performance.now() - started);
      return response;
    } catch (error) {
      report(nameOf(method), performance.now() - started, isEtcdError(error) ? error.code : String(error));
      throw error;
    }
  },
  stream: (next, method) => (call) => {
    const name = nameOf(method);
    const started = performance.now();
    const creations = new Map<number | undefined, { readonly at: number; readonly from: bigint | undefined }>();
    let answered = false;
    return tapStream(next(call), {
      sent(message) {
        if (method.path !== methods.watch.path) return;
        const sent = message as WatchRequest;
        if (sent.type !== 'create') return;
        const { watchId, startRevision } = sent.request;
        creations.set(watchId, { at: performance.now(), from: startRevision });
      },
      received(message) {
        const now = performance.now();
        const created = method.path === methods.watch.path && (message as WatchResponseMessage).created;
        const creation = created ? creations.get((message as WatchResponseMessage).watchId) : undefined;
        if (creation !== undefined) {
          const note = creation.from ? `watch from revision ${creation.from}` : 'watch created';
          rpc(name, milliseconds(now - creation.at), note);
        } else if (!answered) rpc(name, milliseconds(now - started), 'first answer');
        answered = true;
      },
      ended(reason) {
        if (answered && isEtcdError(reason)) rpc(name, '', `stream lost: ${reason.code}`);
      },
    });
  },
};

/** Durations of calls that were not printed one by one, by RPC. */
const held: Map<string, number[]> = new Map();
let holding = false;

/** Holds back the lines of unary calls until `summarise`. */
export function hold(): void {
  holding = true;
}

/** Prints one line for each RPC that was held back. */
export function summarise(): void {
  holding = false;
  for (const [name, times] of held) {
    const median = times.sort((a, b) => a - b)[times.length >> 1] ?? 0;
    rpc(`${name} × ${times.length}`, milliseconds(median), 'median');
  }
  held.clear();
}

function report(name: string, ms: number, failure = ''): void {
  if (!holding) rpc(name, milliseconds(ms), failure);
  else if (!held.has(name)) held.set(name, [ms]);
  else held.get(name)?.push(ms);
}

function nameOf({ service, name }: Method): string {
  return `${service.slice(service.lastIndexOf('.') + 1)}.${name}`;
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}
