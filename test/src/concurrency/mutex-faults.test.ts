// runs alone
// limit: 240 s
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { createClient, EtcdError, isEtcdError, type EtcdClient } from '@etcdts/core';
import { isCall, methods, type Interceptor } from '@etcdts/core/plugin';
import { mutex, openSession, rwMutex, type Lock, type Mutex, type Session } from '@etcdts/concurrency';
import { assert, eventually, rejects, startCluster, startEtcd, startProxy, suite } from '@etcdts/testing';
import type { EtcdServer, FaultProxy } from '@etcdts/testing';
import { stopCancels } from '../no-cancels.ts';
import { contenders, openSessions } from './sessions.ts';

const test = suite('locks under faults', { timeoutMs: 60_000 });
const BATCH = 50;

let etcd: EtcdServer;
let direct: EtcdClient;

test.before(async () => {
  etcd = await startEtcd();
  direct = createClient({ endpoints: etcd.endpoint });
});
test.after(async () => {
  await direct.close();
  await etcd.close();
});

interface Broken {
  readonly session: Session;
  readonly proxy: FaultProxy;
}

/** Runs with a session whose client is connected through a proxy. Afterwards no key is left under the lease. */
async function throughProxy(run: (broken: Broken) => Promise<void>): Promise<void> {
  await using proxy = await startProxy(etcd.endpoint);
  await using client = createClient({ endpoints: proxy.endpoint });
  await using session = await openSession(client);
  await run({ session, proxy });
  await eventually(async () => (await direct.lease.timeToLive(session.lease, { keys: true })).keys.length === 0, {
    timeoutMs: 10_000,
    describe: 'no key is left behind',
  });
}

/** Loses the replies of calls that etcd has executed. Then their connection is cut, or their time is over. */
async function loseReplies<T>(
  { proxy, session }: Broken,
  start: (timeoutMs: number | undefined) => readonly Promise<T>[],
  applied: () => Promise<boolean>,
  ending: 'cut' | 'deadline',
): Promise<readonly PromiseSettledResult<T>[]> {
  await eventually(async () => (await session.client.kv.get('warm')).count === 0);
  proxy.swallowReplies();
  const settled = Promise.allSettled(start(ending === 'deadline' ? 500 : undefined));
  await eventually(applied);
  if (ending === 'deadline') await settled;
  proxy.cut();
  await proxy.heal();
  return settled;
}

const ROUNDS = [1, 2, 3, 4] as const;
const endingOf = (round: number): 'cut' | 'deadline' => (round % 2 === 0 ? 'cut' : 'deadline');

/** Loses the answers to four batches of acquisitions, and checks that each is one lock, or none. */
async function loseAcquisitions(
  kind: string,
  acquire: (lock: Mutex, timeoutMs?: number) => Promise<Lock | undefined>,
): Promise<void> {
  await throughProxy(async (broken) => {
    for (const round of ROUNDS) {
      const prefix = `faults/${kind}/${round}`;
      const count = async (): Promise<number> => contenders(direct, prefix);
      const start = (timeoutMs: number | undefined): Promise<Lock | undefined>[] =>
        Array.from({ length: BATCH }, (_, i) => acquire(mutex(broken.session, `${prefix}/${i}`), timeoutMs));
      const results = await loseReplies(broken, start, async () => (await count()) === BATCH, endingOf(round));
      const locks = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value as Lock] : []));
      if (endingOf(round) === 'cut') {
        assert.is(locks.length, BATCH);
        const { kvs } = await direct.kv.get(`${prefix}/`, { prefix: true });
        assert.equal(
          new Set(kvs.map(({ createRevision }) => createRevision)),
          new Set(locks.map((lock) => lock.revision)),
        );
        assert.ok(locks.every((lock) => !lock.signal.aborted));
        assert.equal(
          await Promise.all(locks.map((lock) => lock.unlock())),
          locks.map(() => true),
        );
      } else {
        assert.is(locks.length, 0);
        for (const result of results) {
          const reason: unknown = result.status === 'rejected' && result.reason;
          assert.ok(isEtcdError(reason, 'DEADLINE_EXCEEDED') && reason.outcome === 'unknown', String(reason));
        }
      }
      await eventually(async () => (await count()) === 0, { timeoutMs: 10_000, describe: 'the keys are removed' });
    }
  });
}

test("MX-08 MX-09 of 200 locks whose answers are lost, each is held once, or is nobody's and leaves no key", async () => {
  await loseAcquisitions('lock', (lock, timeoutMs) => lock.lock({ timeoutMs }));
});

test("MX-10 of 200 tries whose answers are lost, each is held once, or is nobody's and leaves no key", async () => {
  await loseAcquisitions('try', (lock, timeoutMs) => lock.tryLock({ timeoutMs }));
});

test('MX-11 of 200 unlocks whose answers are lost, each has deleted the key once, and the next one gets the lock', async () => {
  await throughProxy(async (broken) => {
    for (const round of ROUNDS) {
      const prefix = `faults/unlock/${round}`;
      const all = Array.from({ length: BATCH }, (_, i) => mutex(broken.session, `${prefix}/${i}`));
      const locks = await Promise.all(all.map((one) => one.lock()));
      const start = (timeoutMs: number | undefined): Promise<boolean>[] =>
        locks.map((lock) => lock.unlock({ timeoutMs }));
      const gone = async (): Promise<boolean> => (await contenders(direct, prefix)) === 0;
      const results = await loseReplies(broken, start, gone, endingOf(round));
      for (const result of results) {
        if (endingOf(round) === 'cut') assert.equal(result, { status: 'fulfilled', value: true });
        else
          assert.ok(result.status === 'rejected' && isEtcdError(result.reason) && result.reason.outcome === 'unknown');
      }
      const again = await Promise.all(all.map((one) => one.lock()));
      again.forEach((lock, i) => assert.ok(lock.revision > locks[i]!.revision));
      // What still comes of the unlocks before deletes no newer lock.
      await Promise.all(all.map(() => broken.session.client.kv.get('warm')));
      assert.is(await contenders(direct, prefix), BATCH);
      assert.ok(again.every((lock) => !lock.signal.aborted));
      await Promise.all(again.map((lock) => lock.unlock()));
    }
  });
});

test('RW-02 of 100 read-write locks whose answers are lost, each is held once, or leaves no key', async () => {
  await throughProxy(async (broken) => {
    for (const ending of ['cut', 'deadline'] as const) {
      const prefix = `faults/rw/${ending}`;
      const start = (timeoutMs: number | undefined): Promise<Lock>[] =>
        Array.from({ length: BATCH }, (_, i) => rwMutex(broken.session, `${prefix}/${i}`).writeLock({ timeoutMs }));
      const results = await loseReplies(
        broken,
        start,
        async () => (await contenders(direct, prefix)) === BATCH,
        ending,
      );
      const locks = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      assert.is(locks.length, ending === 'cut' ? BATCH : 0);
      await Promise.all(locks.map((lock) => lock.unlock()));
      await eventually(async () => (await contenders(direct, prefix)) === 0);
    }
  });
});

test('MX-09 a lock that is aborted while its answer is on its way leaves no key, whatever the reason is', async () => {
  await throughProxy(async ({ session, proxy }) => {
    const reasons = [
      new Error('a reason'),
      new EtcdError({ code: 'SESSION_ENDED', message: 'made by a test', outcome: 'not-applied' }),
      new EtcdError({ code: 'UNAVAILABLE', message: 'made by a test', outcome: 'not-applied' }),
    ];
    for (const [i, reason] of reasons.entries()) {
      const name = `faults/aborted/${i}`;
      const ending = new AbortController();
      proxy.pause('toClient');
      const locking = rejects(mutex(session, name).lock({ signal: ending.signal }));
      await eventually(async () => (await contenders(direct, name)) === 1);
      ending.abort(reason);
      assert.is(await locking, reason);
      await proxy.heal();
      await eventually(async () => (await contenders(direct, name)) === 0);
    }
  });
});

test('MX-08 a key that a paused member puts after the unlock is removed, and holds the lock for nobody', async () => {
  await using cluster = await startCluster();
  const leader = await cluster.leader();
  const paused = cluster.members[(leader + 1) % 3]!;
  await using proxy = await startProxy(paused.endpoint);
  const others = cluster.members.filter((one) => one !== paused).map(({ endpoint }) => endpoint);
  let first = BATCH;
  const firstThere: Interceptor = {
    name: 'first there',
    unary: (next) => async (call) => {
      if (!isCall(call, methods.txn) || first === 0) return next(call);
      first--;
      return next({ ...call, endpoint: proxy.endpoint });
    },
  };
  await using client = createClient({ endpoints: [proxy.endpoint, ...others], interceptors: [firstThere] });
  await using other = createClient({ endpoints: others });
  await client.kv.get('warm', { endpoint: proxy.endpoint });
  await using session = await openSession(client);
  await paused.freeze();
  let put = 0;
  try {
    const sent = stopCancels(proxy, BATCH, 60);
    const locking = Array.from({ length: BATCH }, (_, i) => mutex(session, `late/${i}`).lock());
    await sent;
    await Promise.all((await Promise.all(locking)).map((lock) => lock.unlock()));
    assert.is(first, 0);
    assert.is(await contenders(other, 'late'), 0);
    const watch = other.watch('late/', { prefix: true, filters: ['delete'] });
    void (async () => {
      for await (const _ of watch.events()) put++;
    })();
    await watch.created;
  } finally {
    await paused.thaw();
  }
  await eventually(() => put > 0, { timeoutMs: 15_000, describe: 'a first request is applied late' });
  await proxy.heal();
  await eventually(async () => (await contenders(other, 'late')) === 0, {
    timeoutMs: 10_000,
    describe: 'its key is removed',
  });
  await using next = await openSession(other);
  const tries = Array.from({ length: BATCH }, (_, i) => mutex(next, `late/${i}`).tryLock());
  assert.ok((await Promise.all(tries)).every((lock) => lock !== undefined));
});

/** A process that holds a lock, and does what it is sent. */
interface Holder {
  readonly child: ChildProcess;
  line(): Promise<string>;
  send(command: string): void;
}

async function holder(name: string, ttl: number): Promise<Holder> {
  const program = `
    import { createClient, op } from '@etcdts/core';
    import { mutex, openSession } from '@etcdts/concurrency';
    import { createInterface } from 'node:readline';
    const client = createClient({ endpoints: ${JSON.stringify(etcd.endpoint)} });
    const session = await openSession(client, { ttl: ${ttl} });
    const lock = await mutex(session, ${JSON.stringify(name)}).lock();
    console.log('held');
    for await (const line of createInterface(process.stdin)) {
      if (line.startsWith('block')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(line.slice(6)));
      const open = !lock.signal.aborted;
      const guarded = await client.kv.txn({ if: [lock.isOwner()], then: [op.put('stale', 'x')] });
      console.log(open + ' ' + guarded.succeeded + ' ' + lock.signal.reason?.code);
    }
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: new URL('.', import.meta.url),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    child,
    line: async () => (await lines.next()).value as string,
    send: (command) => void child.stdin.write(`${command}\n`),
  };
}

async function kill({ child }: Holder): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

test('MX-04 the lock of a process that is killed goes to the next one within the time to live and a second', async () => {
  const held = await holder('killed', 2);
  try {
    assert.is(await held.line(), 'held');
    await using sessions = await openSessions(etcd.endpoint);
    const waiting = mutex(sessions.open[0], 'killed').lock();
    await eventually(async () => (await contenders(direct, 'killed')) === 2);
    const started = performance.now();
    await kill(held);
    await waiting;
    assert.ok(performance.now() - started < 3_000);
  } finally {
    await kill(held);
  }
});

for (const [how, pause] of [
  ['blocks its event loop', (held: Holder) => held.send('block 2600')],
  [
    'is stopped',
    async (held: Holder, others: Promise<unknown>) => {
      held.child.kill('SIGSTOP');
      await others;
      held.child.kill('SIGCONT');
      held.send('look');
    },
  ],
] as const) {
  test(`H30 SE-11 MX-13 MX-14 a holder that ${how} for the time to live reads its signal as aborted, and its guarded write fails`, async () => {
    const held = await holder(`paused/${how}`, 2);
    try {
      assert.is(await held.line(), 'held');
      await using sessions = await openSessions(etcd.endpoint);
      const waiting = mutex(sessions.open[0], `paused/${how}`).lock();
      await eventually(async () => (await contenders(direct, `paused/${how}`)) === 2);
      void pause(held, waiting);
      const lock = await waiting;
      assert.match(await held.line(), /^false false LEASE_/);
      assert.not(lock.signal.aborted);
      assert.is((await direct.kv.get('stale')).count, 0);
    } finally {
      await kill(held);
    }
  });
}

test.run();
