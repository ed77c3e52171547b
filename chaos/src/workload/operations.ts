import type { EtcdClient } from '@etcdts/core';
import { now, pause } from '../clock.ts';
import type { Get, GetAnswer, Kv, Operation, Request, Txn } from '../history.ts';
import { DIRECTORY, endOf, LISTS, PAIRS, REGISTERS } from '../keys.ts';
import { failureOf, toKv } from '../perform.ts';
import type { WorkerContext } from './worker-context.ts';

/** A list that has more elements is followed by the next one. */
const FULL = 60;

/** How often each operation comes, in a hundred. */
const SHARES: readonly (readonly [kind: keyof typeof KINDS, share: number])[] = [
  ['put', 25],
  ['get', 21],
  ['stale', 8],
  ['swap', 12],
  ['append', 10],
  ['pair', 6],
  ['readPair', 4],
  ['create', 7],
  ['remove', 4],
  ['list', 1.5],
  ['past', 1],
  ['pages', 0.5],
];

const KINDS = { put, get, stale, swap, append, pair, readPair, create, remove, list, past, pages };

/** One caller: it carries out one operation after the other until the signal aborts. */
export async function callAgainAndAgain(
  context: WorkerContext,
  client: EtcdClient,
  number: number,
  pauseMs: number,
  signal: AbortSignal,
): Promise<void> {
  const caller = new Caller(context, client, number);
  while (!signal.aborted) {
    await KINDS[choose(context.random() * 100)](caller);
    await pause(context.random() * 2 * pauseMs, signal);
  }
}

function choose(at: number): keyof typeof KINDS {
  let sum = 0;
  for (const [kind, share] of SHARES) if (at < (sum += share)) return kind;
  return 'get';
}

class Caller {
  readonly context: WorkerContext;
  readonly client: EtcdClient;
  readonly #number: number;
  /** The list to which this caller appends, and what it last read of it. */
  generation = 0;
  /** What this caller last read of each register. */
  readonly seen: Map<string, string> = new Map();

  constructor(context: WorkerContext, client: EtcdClient, number: number) {
    this.context = context;
    this.client = client;
    this.#number = number;
  }

  do(request: Request): Promise<Operation> {
    return this.context.perform(this.client, this.#number, request);
  }

  async read(request: Get): Promise<readonly Kv[] | undefined> {
    const { answer } = await this.do(request);
    return answer === undefined ? undefined : (answer as GetAnswer).kvs;
  }

  get by(): { readonly process: number; readonly client: number } {
    return { process: this.context.process, client: this.#number };
  }
}

const register = ({ context }: Caller): string => `${REGISTERS}${context.below(10)}`;

async function put(caller: Caller): Promise<void> {
  await caller.do({ type: 'put', key: register(caller), value: caller.context.value() });
}

async function get(caller: Caller): Promise<void> {
  const key = register(caller);
  const kvs = await caller.read({ type: 'get', key });
  if (kvs?.[0] !== undefined) caller.seen.set(key, kvs[0].value);
}

async function stale(caller: Caller): Promise<void> {
  await caller.do({ type: 'get', key: register(caller), serializable: true });
}

/** Replaces a value that was read before; some are out of date and change nothing. */
async function swap(caller: Caller): Promise<void> {
  const key = register(caller);
  const expected = caller.seen.get(key);
  if (expected === undefined) return get(caller);
  const value = caller.context.value();
  const { answer } = await caller.do({
    type: 'txn',
    compares: [{ key, target: 'value', value: expected }],
    success: [{ type: 'put', key, value }],
    failure: [{ type: 'get', key }],
  });
  if (answer?.type !== 'txn') caller.seen.delete(key);
  else if (answer.succeeded) caller.seen.set(key, value);
  else {
    const current = (answer.answers[0] as GetAnswer).kvs[0]?.value;
    if (current !== undefined) caller.seen.set(key, current);
  }
}

/** Appends an element to a list, if nobody else does meanwhile. */
async function append(caller: Caller): Promise<void> {
  const key = `${LISTS}${caller.context.below(2)}/${caller.generation}`;
  const kvs = await caller.read({ type: 'get', key });
  if (kvs === undefined) return;
  const elements = kvs[0]?.value.split(' ') ?? [];
  if (elements.length >= FULL) {
    caller.generation++;
    return;
  }
  await caller.do({
    type: 'txn',
    compares: [{ key, target: 'mod', value: kvs[0]?.mod ?? 0 }],
    success: [{ type: 'put', key, value: [...elements, caller.context.value()].join(' ') }],
    failure: [{ type: 'get', key }],
  });
}

async function pair(caller: Caller): Promise<void> {
  const value = caller.context.value();
  const both = caller.context.below(5);
  const txn: Txn = {
    type: 'txn',
    compares: [],
    success: ['a', 'b'].map((side) => ({ type: 'put', key: `${PAIRS}${both}/${side}`, value })),
    failure: [],
  };
  await caller.do(txn);
}

async function readPair(caller: Caller): Promise<void> {
  const key = `${PAIRS}${caller.context.below(5)}/`;
  await caller.do({ type: 'get', key, end: endOf(key) });
}

const entry = ({ context }: Caller): string => `${DIRECTORY}${String(context.below(50)).padStart(2, '0')}`;

async function create(caller: Caller): Promise<void> {
  await caller.do({ type: 'put', key: entry(caller), value: caller.context.value() });
}

async function remove(caller: Caller): Promise<void> {
  const [key, end] = [entry(caller), entry(caller)];
  await caller.do({ type: 'delete', key, ...(key < end && caller.context.random() < 0.3 && { end }) });
}

async function list(caller: Caller): Promise<void> {
  const limit = caller.context.below(2) * 20;
  await caller.do({ type: 'get', key: DIRECTORY, end: endOf(DIRECTORY), ...(limit > 0 && { limit }) });
}

/** Reads at a revision of the past, which may be compacted. */
async function past(caller: Caller): Promise<void> {
  const revision = Math.max(1, caller.context.revision - caller.context.below(500));
  await caller.do({ type: 'get', key: REGISTERS, end: endOf(REGISTERS), revision });
}

async function pages(caller: Caller): Promise<void> {
  const kvs: Kv[] = [];
  let revision = 0;
  const call = now();
  try {
    for await (const page of caller.client.kv.pages(DIRECTORY, { prefix: true, pageSize: 7 })) {
      revision = Number(page.header.revision);
      kvs.push(...page.kvs.map(toKv));
    }
  } catch (error) {
    failureOf(error);
    return;
  }
  caller.context.recorder.write({
    type: 'pages',
    ...caller.by,
    call,
    return: now() + 1,
    key: DIRECTORY,
    end: endOf(DIRECTORY),
    revision,
    kvs,
  });
  caller.context.operations++;
}
