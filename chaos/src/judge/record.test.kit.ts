import { createClient, type EtcdClient } from '@etcdts/core';
import { eventually, isAtLeast, startCluster } from '@etcdts/testing';
import { now } from '../clock.ts';
import type { GetAnswer, Operation, Request, SeenEvent, WatchOpened, WatchResponded } from '../history.ts';
import { perform, toKv } from '../perform.ts';
import { readLog, type LogEntry } from './log.ts';
import type { JudgeProgram } from './program.ts';

type Watches = (WatchOpened | WatchResponded)[];
/** A history, and the log that belongs to it. */
export interface Recorded {
  readonly operations: Operation[];
  readonly watches: Watches;
  readonly log: readonly LogEntry[];
}

/** What some clients do on a cluster, and what its members have in their logs when all are killed. */
export async function record(by: JudgeProgram): Promise<Recorded> {
  await using cluster = await startCluster();
  await using client = createClient({ endpoints: cluster.endpoints });
  const operations: Operation[] = [];
  const watches: Watches = [];
  const act = async (number: number, request: Request): Promise<Operation> => {
    const operation = await perform(client, request, { process: 1, client: number });
    operations.push(operation);
    return operation;
  };
  await act(0, { type: 'get', key: 'a', end: 'z' });
  const end = new AbortController();
  const watchers = [
    watch(client, watches, 1, { key: 'k/', end: 'k0', startRevision: 1, prevKv: true, kind: 'all' }, end.signal),
    watch(client, watches, 2, { key: 'k/1', startRevision: 0, prevKv: false, kind: 'one' }, end.signal),
    watch(
      client,
      watches,
      3,
      { key: 'k/', end: 'k0', startRevision: 1, prevKv: false, kind: 'puts', filter: 'delete' },
      end.signal,
    ),
  ];
  await Promise.all([0, 1, 2, 3].map((number) => work(number, (request) => act(number, request))));
  const last = await act(0, { type: 'put', key: 'k/1', value: 'the last' });
  for (const number of [1, 2, 3]) {
    const seen = (line: Watches[number]): boolean =>
      line.type === 'response' && line.watch === number && line.events.some(({ kv }) => kv.mod === last.revision);
    await eventually(() => watches.some(seen));
  }
  // A bookmark after the last event. Those of older servers may be ahead of events, and the client drops them.
  if (isAtLeast(cluster.version, '3.5.8')) {
    const bookmarked = (line: Watches[number]): boolean =>
      line.type === 'response' && line.kind === 'progress' && line.watch === 1;
    const ask = async (): Promise<boolean> => {
      await client.watcher.requestProgress();
      return watches.some(bookmarked);
    };
    await eventually(ask, { intervalMs: 100 });
  }
  end.abort();
  await Promise.all(watchers);
  await client.close();
  await Promise.all(cluster.members.map((member) => member.kill()));
  const log = await readLog(
    by,
    cluster.members.map(({ dataDirectory }) => dataDirectory),
  );
  return { operations, watches, log };
}

/** Everything that the history has a form for. */
async function work(number: number, act: (request: Request) => Promise<Operation>): Promise<void> {
  const own = `k/own/${number}`;
  const lease = String(7_000 + number);
  await act({ type: 'grant', lease, ttl: 60 });
  for (let i = 0; i < 6; i++) {
    const value = `${number}-${i}`;
    await act({ type: 'put', key: `k/${i % 3}`, value });
    await act({ type: 'put', key: own, value: `own ${value}`, lease });
    const { answer } = await act({ type: 'get', key: 'k/0' });
    const kv = (answer as GetAnswer).kvs[0];
    const put = { type: 'put', key: 'k/0', value: `${value} by revision` } as const;
    await act({
      type: 'txn',
      compares: [{ key: 'k/0', target: 'mod', value: kv?.mod ?? 0 }],
      success: [put],
      failure: [{ type: 'get', key: 'k/0' }],
    });
    await act({
      type: 'txn',
      compares: [{ key: own, target: 'value', value: `own ${value}` }],
      success: [
        { type: 'put', key: own, value: `own ${value} by value` },
        { type: 'delete', key: 'k/2' },
      ],
      failure: [],
    });
    await act({
      type: 'txn',
      compares: [],
      success: ['a', 'b'].map((side) => ({ type: 'put', key: `k/pair/${side}`, value })),
      failure: [],
    });
    await act({ type: 'get', key: 'k/', end: 'k0', serializable: true });
    await act({ type: 'get', key: 'k/', end: 'k0', limit: 2 });
    await act({ type: 'get', key: 'k/pair/', end: 'k/pair0', countOnly: true });
    await act({ type: 'delete', key: 'k/1' });
  }
  await act({ type: 'delete', key: 'k/pair/', end: 'k/pair0' });
  const { revision = 1 } = await act({ type: 'revoke', lease });
  await act({ type: 'get', key: 'k/', end: 'k0', revision });
  if (number === 0) await act({ type: 'compact', revision: 10 });
  // Etcd refuses it: the lease is gone.
  await act({ type: 'put', key: own, value: `own ${number} refused`, lease });
}

async function watch(
  client: EtcdClient,
  lines: Watches,
  number: number,
  of: Pick<WatchOpened, 'key' | 'end' | 'startRevision' | 'prevKv' | 'kind' | 'filter'>,
  signal: AbortSignal,
): Promise<void> {
  const by = { process: 1, watch: number };
  lines.push({ type: 'watch', ...by, client: 0, at: now(), ...of });
  const stream = client.watch(of.key, {
    ...(of.end !== undefined && { rangeEnd: of.end }),
    ...(of.startRevision > 0 && { startRevision: of.startRevision }),
    ...(of.filter !== undefined && { filters: [of.filter] }),
    prevKv: of.prevKv,
    progressNotify: true,
    createdNotify: true,
  });
  signal.addEventListener('abort', () => void stream.cancel());
  for await (const { header, events, created, progressNotify } of stream) {
    lines.push({
      type: 'response',
      ...by,
      at: now(),
      revision: Number(header.revision),
      kind: created ? 'created' : progressNotify ? 'progress' : 'events',
      events: events.map(({ type, kv, prevKv, isCreate }): SeenEvent => ({
        type,
        kv: toKv(kv),
        ...(prevKv !== undefined && { prevKv: toKv(prevKv) }),
        ...(isCreate && { isCreate }),
      })),
    });
  }
}
