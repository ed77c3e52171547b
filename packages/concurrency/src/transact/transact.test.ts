import { isEtcdError, type KeyValue } from '@etcdts/core';
import { backoffMs, systemClock, type Clock } from '@etcdts/core/plugin';
import { assert, deferred, FakeClock, rejects, settle, suite } from '@etcdts/testing';
import { FakeEtcd, failure } from './fakes.test.kit.ts';
import type { Isolation } from './isolation.ts';
import { ISOLATIONS } from './isolation.ts';
import { Limits } from './limits.ts';
import { run, transact } from './transact.ts';
import type { Transaction } from './transaction.ts';

const test = suite('transact');
const text = (kv: KeyValue | undefined): string | undefined => kv?.text();
const KINDS = Object.keys(ISOLATIONS) as Isolation[];
const ONE_REVISION = KINDS.filter((kind) => ISOLATIONS[kind].oneRevision);

/** A fake etcd with `a` = 1 and `b` = 2. */
function withTwo(): FakeEtcd {
  const etcd = new FakeEtcd();
  etcd.write({ a: '1', b: '2' });
  return etcd;
}

/** Writes while the body of the first attempts runs. */
async function interfere(tx: Transaction, upTo: number, write: () => void): Promise<void> {
  await settle();
  if (tx.attempt <= upTo) write();
}

test('CO-21 TX-01 TestGet a transaction reads what it has written and deleted, by the bytes of the key', async () => {
  const etcd = withTwo();
  const bytes = Buffer.from([0xff, 0xfe]);
  await transact(etcd.client, async (tx) => {
    tx.put('a', 'new', { lease: 7n });
    tx.put('a', 'newer');
    tx.put(bytes, 'one');
    tx.put(Buffer.from([0xff, 0xfd]), 'two');
    tx.delete('b');
    assert.is(text(await tx.get('a')), 'newer');
    assert.is(text(await tx.get(Buffer.from('a'))), 'newer');
    assert.is(await tx.get('b'), undefined);
    assert.is(text(await tx.get(bytes)), 'one');
    const read = await tx.get('a');
    assert.equal([read?.createRevision, read?.modRevision, read?.version, read?.lease], [0n, 0n, 0, 0n]);
    read?.value.fill(0);
  });
  assert.is(etcd.sent.length, 1, 'only the commit is sent');
  assert.equal(etcd.values, { a: 'newer', '\xff\xfe': 'one', '\xff\xfd': 'two' });
});

test('TX-01 a caller that changes its buffers changes no write', async () => {
  const etcd = withTwo();
  const value = Buffer.from('kept');
  await transact(etcd.client, async (tx) => {
    tx.put('a', value);
    value.fill(0);
  });
  assert.is(etcd.values['a'], 'kept');
});

test('TX-02 CO-20 several keys are read in one request and each has its answer, also if one was read before', async () => {
  const etcd = withTwo();
  const { value } = await transact(etcd.client, async ({ get, getAll, put }) => {
    await get('a');
    put('c', 'written');
    const first = await getAll(['b', 'a', 'missing', 'c', 'b']);
    return [first.map(text), (await getAll(['a', 'missing'])).map(text)];
  });
  assert.equal(value, [
    ['2', '1', undefined, 'written', '2'],
    ['1', undefined],
  ]);
  assert.is(etcd.sent.length, 3, 'a, then b and missing, then the commit');
  const asked = etcd.sent[1]?.txn?.success.map((op) => op.type === 'get' && String(op.request.key));
  assert.equal(asked, ['b', 'missing']);
});

test('TX-02 what is asked for in parallel is read once', async () => {
  const etcd = withTwo();
  await transact(etcd.client, async ({ get, getAll, range }) => {
    const [one, two, three] = await Promise.all([get('a'), get('a'), getAll(['a', 'a'])]);
    assert.ok(one === two && two === three[0] && two === three[1]);
    const [left, right] = await Promise.all([range('a', { prefix: true }), range('a', { rangeEnd: 'b' })]);
    assert.equal(left, right);
  });
  assert.is(etcd.sent.length, 2);
});

test('TX-03 in the kinds with one revision all reads are of the revision of the first', async () => {
  for (const isolation of ONE_REVISION) {
    const etcd = withTwo();
    const { value } = await transact(
      etcd.client,
      async (tx) => {
        const a = await tx.get('a');
        await interfere(tx, 1, () => etcd.write({ b: 'later', c: 'later' }));
        return [a, ...(await tx.getAll(['b', 'c'])), ...(await tx.range('b', { fromKey: true }))].map(text);
      },
      { isolation },
    );
    assert.equal(value, ['1', '2', undefined, '2'], isolation);
  }
});

test('TX-03 reads that begin together are of one revision', async () => {
  const etcd = withTwo();
  etcd.before = (_, index) => {
    if (index === 0) etcd.write({ a: '10', b: '20' });
    if (index === 1) etcd.write({ a: '100', b: '200' });
  };
  const { value } = await transact(etcd.client, (tx) => Promise.all([tx.get('a'), tx.get('b'), tx.getAll(['a', 'c'])]));
  assert.equal([text(value[0]), text(value[1]), text(value[2][0])], ['10', '20', '10']);
});

test('TX-04 repeatable reads read each key once; alone, in a range, and once more', async () => {
  for (const isolation of ['repeatable-reads', 'read-committed'] as const) {
    const etcd = withTwo();
    await transact(
      etcd.client,
      async (tx) => {
        assert.is(text(await tx.get('a')), '1');
        assert.is(await tx.get('aa'), undefined);
        etcd.write({ a: 'later', aa: 'later', b: 'later' });
        assert.is(text(await tx.get('a')), '1');
        assert.equal((await tx.range('a', { prefix: true })).map(text), ['1']);
        assert.is(text(await tx.get('b')), 'later', 'two keys may be of two revisions');
        etcd.write({ ab: 'later still' });
        assert.is(await tx.get('ab'), undefined, 'the range was read without it');
        assert.equal((await tx.range('a', { prefix: true })).map(text), ['1']);
        etcd.write({ a: undefined, aa: undefined });
        assert.equal((await tx.range('a', { rangeEnd: 'b' })).map(text), ['1']);
      },
      { isolation, maxAttempts: 1 },
    ).catch((error: unknown) =>
      assert.ok(isolation === 'repeatable-reads' && isEtcdError(error, 'TRANSACTION_CONFLICT')),
    );
  }
});

test('CO-19 TX-05 each kind conflicts with what it promises to see: a changed, an added, a deleted read, a written write', async () => {
  const cases: readonly [write: Record<string, string | undefined>, conflicts: readonly Isolation[]][] = [
    [{ a: 'changed' }, ['serializable-snapshot', 'serializable', 'repeatable-reads']],
    [{ a: undefined }, ['serializable-snapshot', 'serializable', 'repeatable-reads']],
    [{ missing: 'added' }, ['serializable-snapshot', 'serializable', 'repeatable-reads']],
    [{ written: 'by somebody' }, ['serializable-snapshot']],
    [{ unrelated: 'x' }, []],
  ];
  for (const [write, conflicts] of cases) {
    for (const isolation of KINDS) {
      const etcd = withTwo();
      const { attempts, header } = await transact(
        etcd.client,
        async (tx) => {
          await tx.getAll(['a', 'missing']);
          await interfere(tx, 1, () => etcd.write(write));
          tx.put('written', String(tx.attempt));
        },
        { isolation },
      );
      const name = `${isolation}, ${Object.keys(write).join()}`;
      assert.is(attempts, conflicts.includes(isolation) ? 2 : 1, name);
      assert.is(etcd.values['written'], String(attempts), name);
      assert.is(header?.revision, etcd.revision, name);
    }
  }
});

test('TX-05 without reads the writes are unconditional', async () => {
  const etcd = withTwo();
  await transact(etcd.client, async (tx) => (tx.put('a', '3'), etcd.write({ a: 'other' })));
  assert.equal(etcd.sent[0]?.txn?.compare, []);
  assert.is(etcd.values['a'], '3');
});

test('TX-06 an attempt whose revision was compacted runs again, whatever its body makes of that', async () => {
  const bodies: readonly ((read: Promise<unknown>) => Promise<unknown>)[] = [
    (read) => read,
    (read) => read.catch(() => undefined),
    (read) => read.catch(() => Promise.reject(new Error('wrapped'))),
  ];
  for (const body of bodies) {
    const etcd = withTwo();
    const { attempts } = await transact(etcd.client, async (tx) => {
      await tx.get('a');
      if (tx.attempt === 1) {
        etcd.write({ c: '3' });
        etcd.compacted = etcd.revision;
      }
      await body(tx.get('b'));
      tx.put('d', String(tx.attempt));
    });
    assert.is(attempts, 2);
    assert.is(etcd.values['d'], '2');
  }
  const etcd = withTwo();
  etcd.before = () => Promise.reject(failure('COMPACTED'));
  const error = await rejects<Error>(
    transact(etcd.client, (tx) => tx.get('a'), { maxAttempts: 2 }),
    {
      code: 'TRANSACTION_CONFLICT',
    },
  );
  assert.ok(isEtcdError(error.cause, 'COMPACTED'));
});

test('TX-07 TestSTMConflict a conflict brings the keys and ranges for the next attempt, all of one revision', async () => {
  for (const isolation of ONE_REVISION) {
    const etcd = withTwo();
    const { value, attempts } = await transact(
      etcd.client,
      async (tx) => {
        const read = [await tx.get('a'), ...(await tx.range('b', { fromKey: true })), await tx.get('b')].map(text);
        await interfere(tx, 1, () => etcd.write({ a: '10', b: '20' }));
        tx.put('sum', read.join());
        return read;
      },
      { isolation },
    );
    assert.equal(value, ['10', '20', '20']);
    assert.is(attempts, 2);
    assert.is(etcd.sent.length, 4, 'two reads and two commits');
    assert.is(etcd.values['sum'], '10,20,20');
  }
});

test('TX-07 TestSTMApplyOnConcurrentDeletion a key that was deleted meanwhile is a conflict', async () => {
  for (const isolation of ['serializable-snapshot', 'serializable', 'repeatable-reads'] as const) {
    const etcd = withTwo();
    const { attempts, value } = await transact(
      etcd.client,
      async (tx) => {
        const a = await tx.get('a');
        await interfere(tx, 1, () => etcd.write({ a: undefined }));
        tx.put('c', 'x');
        return a;
      },
      { isolation },
    );
    assert.equal([attempts, value], [2, undefined], isolation);
  }
});

test('TX-07 what the conflict has brought is no condition of an attempt that does not ask for it', async () => {
  const etcd = withTwo();
  const { attempts } = await transact(etcd.client, async (tx) => {
    await tx.get(tx.attempt === 1 ? 'a' : 'b');
    await interfere(tx, 2, () => etcd.write({ a: `changed ${tx.attempt}` }));
    tx.put('c', '3');
  });
  assert.is(attempts, 2);
});

test('TX-08 CO-22 attempts are bounded, and pause longer and longer, up to 100 ms', async () => {
  const etcd = withTwo();
  const clock = new FakeClock();
  const pauses: number[] = [];
  const pausing: Clock = {
    now: () => clock.now(),
    after: (ms, callback, hold) => (pauses.push(ms), clock.after(ms, callback, hold)),
    afterReading: (callback) => clock.afterReading(callback),
  };
  const plan = {
    site: { clock: pausing, random: () => 0.5 },
    parts: { kv: etcd.client.kv, limits: new Limits(pausing, {}), rules: ISOLATIONS.serializable },
    maxAttempts: 10,
    prefetch: [],
  };
  let runs = 0;
  const work = run(async (tx) => {
    runs++;
    await tx.get('a');
    etcd.write({ a: `${runs}` });
    tx.put('a', 'mine');
  }, plan);
  const error = await rejects(clock.until(work), {
    code: 'TRANSACTION_CONFLICT',
    outcome: 'not-applied',
    attempts: 10,
  });
  assert.match(error.message, /each of 10 runs/);
  assert.is(runs, 10);
  assert.equal(pauses, [1, 2, 4, 8, 16, 32, 50, 50, 50]);
  assert.is(etcd.values['a'], '10');
  assert.is(
    backoffMs(0, { firstMs: 2, longestMs: 100 }, () => 1),
    0,
  );
});

test('TX-09 TestSTMAbort what the body throws rejects as it is, with nothing written', async () => {
  const etcd = withTwo();
  const reason = { odd: true };
  const bodies: readonly ((tx: Transaction) => Promise<void>)[] = [
    async (tx) => (tx.put('a', 'x'), Promise.reject(reason as never)),
    (tx) => {
      tx.put('a', 'x');
      throw reason as never;
    },
  ];
  for (const body of bodies) {
    const thrown = await transact(etcd.client, body).then(
      () => 'nothing',
      (error: unknown) => error,
    );
    assert.is(thrown, reason);
  }
  assert.is(etcd.sent.length, 0);
  assert.equal(etcd.values, { a: '1', b: '2' });
});

test('TX-09 an abort ends a body, a read and a pause at once, with its own reason', async () => {
  const reason = new Error('enough');
  for (const where of ['body', 'read', 'pause', 'before'] as const) {
    const etcd = withTwo();
    const controller = new AbortController();
    const reached = deferred();
    if (where === 'read') etcd.before = () => (reached.resolve(), new Promise(() => {}));
    if (where === 'before') controller.abort(reason);
    let late: Transaction | undefined;
    const work = transact(
      etcd.client,
      async (tx) => {
        late = tx;
        if (where === 'body') return (reached.resolve(), await new Promise<never>(() => {}));
        await tx.get('a');
        etcd.write({ a: 'x' });
        if (tx.attempt === 20) reached.resolve();
        tx.put('a', 'mine');
        return undefined;
      },
      { signal: controller.signal },
    );
    await Promise.race([reached.promise, work.catch(() => {})]);
    controller.abort(reason);
    assert.is(await work.then(String, (error: unknown) => error), reason, where);
    if (late) assert.throws(() => late?.put('a', 'late'), /^FAILED_PRECONDITION: tx of attempt/);
    assert.is.not(etcd.values['a'], 'mine');
  }
});

test('TX-09 a deadline is for all attempts together, and ends a body that hangs', async () => {
  const etcd = withTwo();
  const hangs = transact(etcd.client, () => new Promise<never>(() => {}), { timeoutMs: 20 });
  await rejects(hangs, { code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' });
  const conflicts = transact(
    etcd.client,
    async (tx) => {
      await tx.get('a');
      etcd.write({ a: 'x' });
      tx.put('a', 'mine');
    },
    { timeoutMs: 60, maxAttempts: 1_000_000 },
  );
  await rejects(conflicts, { code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' });
});

test('TX-09 a failed read writes nothing, even if the body catches it, and its outcome is not-applied', async () => {
  for (const read of [(tx: Transaction) => tx.get('a'), (tx: Transaction) => tx.getAll(['a', 'b'])]) {
    const etcd = withTwo();
    etcd.before = () => Promise.reject(failure('UNAVAILABLE'));
    const work = transact(etcd.client, async (tx) => {
      await read(tx).catch(() => {});
      tx.put('a', 'x');
    });
    await rejects(work, { code: 'UNAVAILABLE', outcome: 'not-applied' });
    assert.is(etcd.sent.length, 1);
  }
});

test('TX-10 a commit with an unknown outcome rejects as unknown and is sent once', async () => {
  const etcd = withTwo();
  etcd.after = ({ txn }) => {
    if (txn) throw failure('UNAVAILABLE');
  };
  const work = transact(etcd.client, async (tx) => tx.put('a', String(Number(text(await tx.get('a'))) + 1)));
  await rejects(work, { code: 'UNAVAILABLE', outcome: 'unknown' });
  assert.is(etcd.values['a'], '2', 'it was applied, once');
  assert.is(etcd.sent.filter(({ txn }) => txn).length, 1);
});

test('TX-11 without writes there is no commit where reads are of one revision or nothing is compared', async () => {
  for (const isolation of KINDS) {
    const etcd = withTwo();
    const { header, attempts } = await transact(
      etcd.client,
      async (tx) => {
        await tx.get('a');
        await interfere(tx, 1, () => etcd.write({ a: 'changed' }));
      },
      { isolation },
    );
    const checked = isolation === 'repeatable-reads';
    assert.equal([attempts, header?.revision], checked ? [2, 2n] : [1, undefined], isolation);
  }
  const etcd = withTwo();
  etcd.after = ({ txn }) => {
    if (txn) throw failure('UNAVAILABLE');
  };
  const work = transact(etcd.client, (tx) => tx.get('a'), { isolation: 'repeatable-reads' });
  await rejects(work, { code: 'UNAVAILABLE', outcome: 'not-applied' });
  assert.equal((await transact(etcd.client, async () => 5)).value, 5);
});

test('TX-12 more operations than etcd takes are TOO_MANY_OPS', async () => {
  const etcd = withTwo();
  const keys = Array.from({ length: 129 }, (_, i) => `k${i}`);
  const writing = transact(etcd.client, async (tx) => keys.forEach((key) => tx.put(key, 'x')));
  await rejects(writing, { code: 'TOO_MANY_OPS', outcome: 'not-applied' });
  const reading = transact(etcd.client, (tx) => tx.getAll(keys));
  await rejects(reading, { code: 'TOO_MANY_OPS', outcome: 'not-applied' });
});

test('TX-12 a key that is read and written is one condition', async () => {
  const etcd = withTwo();
  const keys = Array.from({ length: 100 }, (_, i) => `k${i}`);
  await transact(etcd.client, async (tx) => {
    await tx.getAll(keys);
    keys.forEach((key) => tx.put(key, 'x'));
    tx.put('further', 'x');
  });
  assert.is(etcd.sent[1]?.txn?.compare.length, 101);
});

test('TX-13 CO-23 prefetch reads before every attempt in one request, unless the conflict has brought the keys', async () => {
  for (const isolation of KINDS) {
    const etcd = withTwo();
    const { attempts, value } = await transact(
      etcd.client,
      async (tx) => {
        const read = [await tx.get('a'), await tx.get('b')].map(text);
        await interfere(tx, 1, () => etcd.write({ a: '10' }));
        tx.put('c', '3');
        return read;
      },
      { isolation, prefetch: ['a', 'b', 'a'] },
    );
    assert.is(attempts, isolation === 'read-committed' ? 1 : 2);
    assert.equal(value, [attempts === 2 ? '10' : '1', '2']);
    const reads = etcd.sent.filter(({ txn }) => txn?.success.every(({ type }) => type === 'get'));
    assert.is(reads.length, isolation === 'repeatable-reads' ? 2 : 1, isolation);
    assert.is(reads[0]?.txn?.success.length, 2);
  }
});

test('TX-14 a range sees phantoms: what was added, changed or deleted within it', async () => {
  const writes = [{ 'q/3': 'added' }, { 'q/1': 'changed' }, { 'q/2': undefined }, { r: 'beyond' }] as const;
  for (const isolation of KINDS) {
    for (const write of writes) {
      const etcd = withTwo();
      etcd.write({ 'q/1': '1', 'q/2': '2' });
      const { attempts } = await transact(
        etcd.client,
        async (tx) => {
          const { length } = await tx.range('q/', { prefix: true });
          await interfere(tx, 1, () => etcd.write(write));
          tx.put('count', String(length));
        },
        { isolation },
      );
      assert.is(
        attempts,
        isolation === 'read-committed' || 'r' in write ? 1 : 2,
        `${isolation} ${Object.keys(write)[0]}`,
      );
    }
  }
});

test('TX-14 a range has what the transaction has written, in the order of keys; its own writes are no phantoms', async () => {
  const etcd = withTwo();
  etcd.write({ 'q/1': '1', 'q/2': '2', 'q/4': '4' });
  const { value, attempts } = await transact(etcd.client, async (tx) => {
    tx.put('q/3', '3');
    tx.put('q/4', 'four');
    tx.delete('q/1');
    tx.put('qq', 'outside');
    return (await tx.range('q/', { prefix: true })).map((kv) => `${kv.key}=${kv.text()}`);
  });
  assert.equal(value, ['q/2=2', 'q/3=3', 'q/4=four']);
  assert.is(attempts, 1);
});

test('TX-14 a range of more than 100 keys is refused, also if it has grown since a conflict', async () => {
  const etcd = withTwo();
  const many = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`q/${i}`, '']));
  etcd.write(many(100));
  const body = async (tx: Transaction): Promise<void> => {
    await tx.range('q/', { prefix: true });
    await interfere(tx, 1, () => etcd.write(many(101)));
    tx.put('c', '3');
  };
  await rejects(transact(etcd.client, body), { code: 'TOO_MANY_OPS', outcome: 'not-applied', argument: 'key' });
});

test('a body that forgets to await is refused, with nothing written', async () => {
  const etcd = withTwo();
  let late: Promise<unknown> | undefined;
  const forgot = transact(etcd.client, async (tx) => {
    late = tx.get('a').then((kv) => tx.put('a', `${text(kv)}!`));
    late.catch(() => {});
  });
  const error = await rejects(forgot, { code: 'INVALID_ARGUMENT', argument: 'body', outcome: 'not-applied' });
  assert.match(error.message, 'a read was under way: await each tx.get');
  const put = await rejects(late as Promise<unknown>, { code: 'FAILED_PRECONDITION', argument: 'tx' });
  assert.match(put.message, /tx of attempt 1 has ended: the body has returned.*await everything in it/);
  assert.is(etcd.values['a'], '1');
});

test('a tx whose attempt has ended refuses every use', async () => {
  const etcd = withTwo();
  let kept: Transaction | undefined;
  await transact(etcd.client, async (tx) => void (kept = tx));
  const tx = kept as Transaction;
  const ended = { code: 'FAILED_PRECONDITION', argument: 'tx', outcome: 'not-applied' };
  for (const use of [() => tx.get('a'), () => tx.getAll(['a']), () => tx.range('a', { prefix: true })])
    await rejects(use, ended);
  for (const use of [() => tx.put('a', 'x'), () => tx.delete('a')])
    assert.throws(use, /^FAILED_PRECONDITION: tx of attempt 1 has ended/);
  assert.is(etcd.sent.length, 0);
});

test('bad input is refused by name, before anything is sent', async () => {
  const etcd = withTwo();
  const any = (value: unknown): never => value as never;
  const { client } = etcd;
  const none = async (): Promise<void> => {};
  const cases: readonly [work: () => unknown, message: RegExp][] = [
    [() => transact(client, any(undefined)), /^INVALID_ARGUMENT: body must be an async function that takes tx/],
    [
      () =>
        transact(
          client,
          any((tx: Transaction) => tx.put('a', 'x')),
        ),
      /^INVALID_ARGUMENT: body must return a promise/,
    ],
    [
      () =>
        transact(
          client,
          any(() => null),
        ),
      /^INVALID_ARGUMENT: body must return a promise/,
    ],
    [() => transact({ ...client }, none), /^INVALID_ARGUMENT: client is no client of this package/],
    [() => transact(any(undefined), none), /^INVALID_ARGUMENT: client is no client of this package/],
    [
      () => transact(client, none, any({ isolaton: 'serializable' })),
      /unknown option isolaton; did you mean isolation\?/,
    ],
    [() => transact(client, none, { isolation: any('snapshot') }), /isolation must be one of serializable-snapshot, /],
    [() => transact(client, none, { isolation: any('toString') }), /isolation must be one of /],
    [() => transact(client, none, { maxAttempts: 0 }), /maxAttempts must be at least 1, not 0/],
    [() => transact(client, none, { prefetch: any('a') }), /prefetch must be an array of keys/],
    [() => transact(client, none, { prefetch: ['a', ''] }), /^EMPTY_KEY: prefetch\[1\] must not be empty/],
    [() => transact(client, none, { timeoutMs: 0 }), /timeoutMs must be a number of milliseconds above 0/],
    [() => transact(client, (tx) => tx.get('')), /^EMPTY_KEY: key must not be empty/],
    [() => transact(client, (tx) => tx.getAll(any('a'))), /keys must be an array of keys; tx.get reads one/],
    [() => transact(client, (tx) => tx.getAll(['a', any(5)])), /keys\[1\] must be a string or a Uint8Array/],
    [() => transact(client, (tx) => tx.range('a', {})), /forms must be \{ prefix: true \}/],
    [() => transact(client, (tx) => tx.range('a', any(undefined))), /forms must be \{ prefix: true \}/],
    [() => transact(client, (tx) => tx.range('a', any({ limit: 5 }))), /unknown option limit; there are prefix, /],
    [() => transact(client, async (tx) => tx.put('a', any(5))), /value must be a string or a Uint8Array/],
    [
      () => transact(client, async (tx) => tx.put('a', 'x', any({ leas: 5n }))),
      /unknown option leas; did you mean lease\?/,
    ],
    [
      () => transact(client, async (tx) => tx.put('a', 'x', any({ prevKv: true }))),
      /unknown option prevKv; there is only lease/,
    ],
    [
      () => transact(client, async (tx) => Reflect.apply(tx.delete, tx, ['a', { prefix: true }])),
      /tx.delete do not exist/,
    ],
  ];
  for (const [work, message] of cases) await rejects(work, message);
  assert.is(etcd.sent.length, 0);
  await transact(client, async (tx) => ['a', 'b'].forEach(tx.delete));
  assert.equal(etcd.values, {});
});

test('requests carry the options of the caller', async () => {
  const etcd = withTwo();
  const controller = new AbortController();
  const seen: unknown[] = [];
  const kv = { ...etcd.client.kv, do: any, txn: any };
  function any(_: unknown, options: unknown): never {
    seen.push(options);
    throw new Error('seen');
  }
  const limits = new Limits(systemClock, { requireLeader: true, signal: controller.signal, timeoutMs: 5_000 });
  const plan = { site: { clock: systemClock, random: Math.random }, maxAttempts: 1, prefetch: [] };
  const rules = ISOLATIONS.serializable;
  await rejects(
    run((tx) => tx.get('a'), { ...plan, parts: { kv, limits, rules } }),
    /seen/,
  );
  const { timeoutMs, ...rest } = seen[0] as { timeoutMs: number };
  assert.equal(rest, { requireLeader: true, signal: controller.signal });
  assert.ok(timeoutMs > 0 && timeoutMs <= 5_000);
});

test.run();
