// limit: 120 s
// The functions that the documents offer for taking over, each with connections that are cut, calls that are aborted and
// clients that are closed at random moments, against what they promise.
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { createClient, isEtcdError, op, type Compare, type EtcdClient, type EtcdOperations } from '@etcdts/core';
import { retry } from '@etcdts/retry';
import { assert, eventually, startEtcd, startProxy, suite, type EtcdServer, type FaultProxy } from '@etcdts/testing';
import { blocksOf, compile, compiled, documents, type Block } from './documents.ts';

const PLACE = 'recipes';
/** What a recipe may take to end once its signal has aborted or its client is closed. */
const PROMPT_MS = 1_000;

interface Held {
  readonly signal: AbortSignal;
  readonly condition: Compare;
}

/** The recipes, as the documents have them. */
interface Recipes {
  add(client: EtcdOperations, key: string, amount: number, signal?: AbortSignal): Promise<number>;
  withLock(
    client: EtcdOperations,
    key: string,
    work: (held: Held) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<boolean>;
  create(client: EtcdOperations, key: string, value: string, signal?: AbortSignal): Promise<boolean>;
}

/** Functions over a client that are no recipes: wrappers, and code under a test of its own. */
const OTHERS = ['counting', 'readOnly', 'save'];

const test = suite('recipes of the documents', { timeoutMs: 60_000 });

let etcd: EtcdServer;
let direct: EtcdClient;
const recipes: Partial<Recipes> = {};
const names: string[] = [];

test.before(async () => {
  etcd = await startEtcd();
  direct = createClient({ endpoints: etcd.endpoint, interceptors: [retry()] });
  const blocks: Block[] = [];
  for (const block of documents().flatMap(blocksOf)) {
    const [name] = /(?<=^(?:async )?function )\w+(?=\(\s*client: )/m.exec(block.code) ?? [];
    if (name === undefined) continue;
    names.push(name);
    // What comes before the program that shows the recipe.
    const [code = ''] = block.code.split(/^const client = createClient\(/m);
    if (!OTHERS.includes(name)) blocks.push({ name, code: `${code}\nexport { ${name} };\n`, runs: true, parts: 1 });
  }
  const complaints = await compile(blocks, { place: PLACE, endpoint: "''", claims: false });
  if (complaints !== '') throw new Error(complaints);
  for (const block of blocks) Object.assign(recipes, await import(pathToFileURL(compiled(block, PLACE)).href));
});

test.after(async () => {
  await direct?.close();
  await etcd?.close();
});

/** A proxy whose connections are cut at random moments until the test stops it. */
async function stormy(
  run: (proxy: FaultProxy, stop: () => Promise<void>) => Promise<void>,
  everyMs = 15,
): Promise<void> {
  await using proxy = await startProxy(etcd.endpoint);
  let storming = true;
  const storm = (async () => {
    while (storming) {
      await sleep(Math.random() * 2 * everyMs);
      proxy.cut();
    }
  })();
  const stop = async (): Promise<void> => {
    storming = false;
    await storm;
  };
  await run(proxy, stop).finally(stop);
}

/** Fails if `work` has not ended in time, after its signal has aborted or its client was closed. */
async function prompt<T>(work: Promise<T>, what: string): Promise<T> {
  const ending = new AbortController();
  const late = sleep(PROMPT_MS, undefined, { signal: ending.signal }).then(
    () => Promise.reject(new Error(`${what} goes on for more than ${PROMPT_MS} ms`)),
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    ending.abort();
  }
}

const unknown = (error: unknown): boolean => isEtcdError(error) && error.outcome === 'unknown';
const expected = (error: unknown): void => {
  if (!isEtcdError(error)) throw error;
};

test('each function over a client that the documents show is tried here', () => {
  assert.equal(names.toSorted(), [...OTHERS, ...Object.keys(recipes)].toSorted());
  assert.equal(Object.keys(recipes).toSorted(), ['add', 'create', 'withLock']);
});

test('withLock runs one at a time, over cuts and aborts; what it has in hand fences its writes; nothing is left', async () => {
  const counts = { done: 0, refused: 0, failed: 0 };
  let inside = 0;
  await stormy(async (proxy) => {
    const contend = async (): Promise<void> => {
      await using client = createClient({ endpoints: proxy.endpoint, interceptors: [retry({ budget: false })] });
      for (let i = 0; i < 25; i++) {
        const work = async ({ signal, condition }: Held): Promise<void> => {
          assert.is(++inside, 1);
          try {
            signal.throwIfAborted();
            await sleep(Math.random() * 4);
            const { succeeded } = await direct.kv.txn({ if: [condition], then: [op.put('locked', String(i))] });
            assert.ok(succeeded, 'it has the lock, and its condition does not hold');
          } finally {
            inside--;
          }
        };
        const signal = i % 3 === 0 ? AbortSignal.timeout(Math.ceil(Math.random() * 30)) : undefined;
        try {
          counts[(await recipes.withLock!(client, 'locks/a', work, signal)) ? 'done' : 'refused']++;
        } catch (error) {
          if (error !== signal?.reason) expected(error);
          counts.failed++;
        }
      }
    };
    await Promise.all(Array.from({ length: 4 }, contend));
  }, 40);
  assert.ok(counts.done > 0 && counts.refused > 0, JSON.stringify(counts));
  // Clients that close leave what they could not revoke to its time to live.
  await eventually(async () => (await direct.kv.get('locks/a')).count === 0);
  let late = true;
  await recipes.withLock!(direct, 'locks/a', async ({ condition }) => {
    await direct.kv.delete('locks/a');
    await direct.kv.put('locks/a', 'of somebody else');
    late = (await direct.kv.txn({ if: [condition], then: [op.put('locked', 'late')] })).succeeded;
  });
  assert.not(late, 'the condition holds for the key of somebody else');
});

test('add loses and doubles nothing that it has answered, over cuts and aborts', async () => {
  let [known, perhaps] = [0, 0];
  await stormy(async (proxy) => {
    await using client = createClient({ endpoints: proxy.endpoint, interceptors: [retry({ budget: false })] });
    const adding = async (): Promise<void> => {
      for (let i = 0; i < 30; i++) {
        const signal = i % 5 === 0 ? AbortSignal.timeout(Math.ceil(Math.random() * 10)) : undefined;
        await recipes.add!(client, 'counter', 1, signal).then(
          () => known++,
          (error: unknown) => {
            if (error === signal?.reason || unknown(error)) perhaps++;
            else expected(error);
          },
        );
      }
    };
    await Promise.all(Array.from({ length: 4 }, adding));
    const last = recipes.add!(client, 'counter', 1);
    const closed = last.then(() => known++, expected);
    await client.close();
    await prompt(closed, 'add');
    perhaps++;
  });
  const sum = Number((await direct.kv.get('counter')).kvs[0]?.text());
  assert.ok(known > 10 && sum >= known && sum <= known + perhaps, `${known} to ${known + perhaps}, and it is ${sum}`);
});

test('create creates a key once, and returns whether it has the value, over cuts and aborts', async () => {
  await stormy(async (proxy) => {
    await using client = createClient({ endpoints: proxy.endpoint });
    for (let i = 0; i < 25; i++) {
      const key = `orders/${i}`;
      const signal = AbortSignal.timeout(i % 4 === 0 ? 5 : 20_000);
      const one = async (value: string): Promise<boolean | undefined> =>
        recipes.create!(client, key, value, signal).catch((error: unknown) => {
          if (error !== signal.reason) expected(error);
          return undefined;
        });
      const values = ['a', 'b', 'c'];
      const created = await Promise.all(values.map(one));
      const [kv] = (await direct.kv.get(key)).kvs;
      assert.ok((kv?.version ?? 1) === 1);
      for (const [place, value] of values.entries()) {
        if (created[place] !== undefined) assert.is(created[place], kv?.text() === value);
      }
    }
  });
});

test.run();
