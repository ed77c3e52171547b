// Random operations in namespaces, compared with the model of an etcd.
import { createClient, isEtcdError, op } from '@etcdts/core';
import type { EtcdClient, EtcdOperations, Op, WatchStream } from '@etcdts/core';
import { withNamespace } from '@etcdts/namespace';
import { assert, rejects } from '@etcdts/testing';
import type { Suite } from '@etcdts/testing';
import type { Server } from '../contract-clients.ts';
import { Refusal, Store, View } from './model.ts';
import type { Answer, Change, Row } from './model.ts';
import { bytes, inText, print, toAnswer, toOp, toRow } from './answers.ts';
import { Operations, Random } from './operations.ts';
import type { OpSpec } from './specs.ts';

const SEED = Number(process.env['NAMESPACE_SEED'] ?? Date.now() % 2 ** 31);

// Each is a namespace of the client, or of an earlier one. They are neighbours, and contain each other.
const NAMESPACES: readonly { readonly prefix: string; readonly within?: number }[] = [
  { prefix: 'app/' },
  { prefix: 'app' },
  { prefix: 'a\xff' },
  { prefix: '\xff\xff' },
  { prefix: '\0' },
  { prefix: 'in/', within: 0 },
  { prefix: '\xff', within: 2 },
  { prefix: '\0\xff', within: 5 },
];

// Keys in no namespace: before, after and exactly at the prefixes, and at both ends of the keyspace.
const SENTINELS = [
  ...['\0', '\0\0\0\0\0', '\x01', '\xff', '\xff\xfe', '\xff\xff', '\xff\xff\xff\xff\xff\xff', 'a', 'aa', 'a\xfe'],
  ...[
    'a\xff',
    'b',
    'b\0',
    'b\0x',
    'ap',
    'apo\xff',
    'app',
    'app.',
    'app.\xff',
    'app/',
    'app0',
    'app/in/',
    'app2/x',
    'apq',
  ],
];

interface Namespace {
  readonly client: EtcdOperations;
  readonly view: View;
  /** The indices of this namespace and of those around it. */
  readonly line: readonly number[];
  readonly seen: string[];
}

/** Adds the test that namespaces are stores of their own, with random operations on an etcd that `start` makes. */
export function namespaceProperty(test: Suite, start: () => Promise<Server>, usual: number): void {
  const count = Number(process.env['NAMESPACE_OPERATIONS'] ?? usual);

  test(
    `${count} random operations do what they would do in an etcd that holds nothing else (seed ${SEED})`,
    async () => {
      await using etcd = await start();
      await using client = createClient({ endpoints: etcd.endpoint });
      const { header } = await client.kv.get('none');
      const store = new Store(header.revision);
      const everything = new View(store, '');
      await populate(client, everything);
      const namespaces = await open(client, store);
      const raw: string[] = [];
      const watches = [
        follow(client.watch('', { prefix: true, prevKv: true }), raw),
        ...namespaces.map(({ client: own, seen }) => follow(own.watch('', { prefix: true, prevKv: true }), seen)),
      ];
      await Promise.all(watches.map(({ stream }) => stream.created));
      const already = [raw, ...namespaces.map(({ seen }) => seen)].map(
        (_, i) => (i === 0 ? everything : (namespaces[i - 1] as Namespace).view).changes().length,
      );

      await operate(namespaces, store, everything, count);

      assert.is(print(await rows(client)), print(everything.rows()), 'the whole store is as the model has it');
      for (const { client: own, view } of namespaces) assert.is(print(await rows(own)), print(view.rows()));
      const expected = [everything, ...namespaces.map(({ view }) => view)].map((view, i) =>
        view.changes().slice(already[i]),
      );
      await Promise.all(watches.map(({ reached }, i) => reached((expected[i] as Change[]).length)));
      for (const [i, seen] of [raw, ...namespaces.map((each) => each.seen)].entries()) {
        assert.is(seen.join('\n'), (expected[i] as Change[]).map(print).join('\n'), `watch ${i}`);
      }
      await Promise.all(watches.map(({ stream }) => stream.cancel()));
    },
    { timeoutMs: 280_000 },
  );
}

/** Writes the sentinels, and a few keys into each namespace, without any namespace. */
async function populate(client: EtcdClient, everything: View): Promise<void> {
  const inside = fullPrefixes().flatMap((prefix) =>
    ['\0', '\0\0', 'a', '\xff', '\xff\xff\xff\xff'].map((key) => prefix + key),
  );
  for (const key of new Set([...SENTINELS, ...inside])) {
    await client.kv.put(bytes(key), 'sentinel');
    everything.run({ type: 'put', key, value: 'sentinel' });
  }
}

function fullPrefixes(): string[] {
  const full: string[] = [];
  for (const { prefix, within } of NAMESPACES) full.push((within === undefined ? '' : full[within]) + prefix);
  return full;
}

async function open(client: EtcdClient, store: Store): Promise<Namespace[]> {
  const namespaces: Namespace[] = [];
  for (const [i, { prefix, within }] of NAMESPACES.entries()) {
    const outer = within === undefined ? undefined : (namespaces[within] as Namespace);
    namespaces.push({
      client: withNamespace(outer?.client ?? client, bytes(prefix), { anyPrefix: true }),
      view: new View(store, fullPrefixes()[i] as string),
      line: [...(outer?.line ?? []), i],
      seen: [],
    });
  }
  return namespaces;
}

/** Runs random operations, each in a random namespace and in the model, and compares the answers. */
async function operate(namespaces: readonly Namespace[], store: Store, everything: View, count: number): Promise<void> {
  const random = new Random(SEED);
  const operations = new Operations(random);
  /** Every live lease, and the namespaces to which it belongs. */
  const leases = new Map<bigint, readonly number[]>();
  for (let n = 0; n < count; n++) {
    const index = random.below(namespaces.length);
    const { client, view, line } = namespaces[index] as Namespace;
    const own = [...leases.keys()].filter((id) => leases.get(id)?.includes(index));
    if (random.chance(0.02)) {
      await operateLease(client, random, own, leases, line, everything, view);
      continue;
    }
    const foreign = [...leases.keys()].filter((id) => !own.includes(id));
    if (foreign.length > 0 && random.chance(0.02)) await refuseForeign(client, random.pick(foreign));
    const spec = operations.make({ leases: own, revisions: store.readable });
    const here = `operation ${n} of seed ${SEED}, in namespace ${index}: ${print(spec)}`;
    const [actual, expected] = [await attempt(client, spec), model(view, spec)];
    assert.is(actual, expected, here);
  }
}

async function attempt({ kv }: EtcdOperations, spec: OpSpec): Promise<string> {
  try {
    return inText(spec, toAnswer(spec, await kv.do(toOp(spec))));
  } catch (error) {
    if (isEtcdError(error)) return error.code;
    throw error;
  }
}

function model(view: View, spec: OpSpec): string {
  try {
    return inText(spec, view.run(spec) satisfies Answer);
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

async function operateLease(
  { lease }: EtcdOperations,
  random: Random,
  own: readonly bigint[],
  leases: Map<bigint, readonly number[]>,
  line: readonly number[],
  everything: View,
  view: View,
): Promise<void> {
  if (own.length < 3) {
    leases.set((await lease.grant(3_600)).id, line);
    return;
  }
  const id = random.pick(own);
  const { keys } = await lease.timeToLive(id, { keys: true });
  const attached = view.rows().filter((row) => row.lease === id);
  assert.equal(keys.map((key) => key.toString('latin1')).sort(), attached.map(({ key }) => key).sort());
  assert.equal([...(await lease.leases()).leases].sort(), [...own].sort());
  if (random.chance(0.5)) return;
  await lease.revoke(id);
  leases.delete(id);
  everything.revoke(id);
}

async function refuseForeign({ kv, lease }: EtcdOperations, id: bigint): Promise<void> {
  const refused = { code: 'NAMESPACE_VIOLATION', outcome: 'not-applied' };
  await rejects(lease.revoke(id), refused);
  await rejects(lease.timeToLive(id), refused);
  await rejects(lease.keepAliveOnce(id), refused);
  await rejects(kv.put('k', 'v', { lease: id }), refused);
  await rejects(kv.txn({ else: [op.txn({ then: [op.put('k', 'v', { lease: id }) as Op] })] }), refused);
}

async function rows({ kv }: EtcdOperations): Promise<Row[]> {
  const found: Row[] = [];
  for await (const { kvs } of kv.pages('', { prefix: true })) found.push(...kvs.map(toRow));
  return found;
}

/** Reads a watch into `seen`. */
function follow(stream: WatchStream, seen: string[]): { stream: WatchStream; reached(count: number): Promise<void> } {
  let failure: unknown;
  let notify: () => void = () => {};
  void (async () => {
    try {
      for await (const { type, kv, prevKv } of stream.events()) {
        seen.push(print({ type, row: toRow(kv), before: prevKv && toRow(prevKv) }));
        notify();
      }
    } catch (error) {
      failure = error;
      notify();
    }
  })();
  const reached = async (count: number): Promise<void> => {
    while (seen.length < count && failure === undefined) await new Promise<void>((resolve) => (notify = resolve));
    if (failure !== undefined) throw failure;
  };
  return { stream, reached };
}
