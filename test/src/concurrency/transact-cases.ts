// What transact promises on an etcd: upstream's tests by name, and what goes beyond them. Every kind of client passes them.
import { randomUUID } from 'node:crypto';
import { op, type EtcdOperations } from '@etcdts/core';
import { transact, type Isolation, type Transaction } from '@etcdts/concurrency';
import { assert, deferred, rejects, type ContractContext, type Suite } from '@etcdts/testing';

export const KINDS: readonly Isolation[] = [
  'serializable-snapshot',
  'serializable',
  'repeatable-reads',
  'read-committed',
];
const ONE_REVISION = KINDS.slice(0, 2);
const CHECKED = KINDS.slice(0, 3);

/** Reads a number. A missing key is 0. */
export async function numberAt(tx: Transaction, key: string): Promise<number> {
  return Number((await tx.get(key))?.text() ?? 0);
}

/** Moves half of the money of one account to another one. */
export async function moveHalf(tx: Transaction, from: string, to: string): Promise<void> {
  const [source, target] = [await numberAt(tx, from), await numberAt(tx, to)];
  const half = Math.floor(source / 2);
  tx.put(from, String(source - half));
  tx.put(to, String(target + half));
}

/** The sum of the values below a prefix. */
export async function sumOf(client: EtcdOperations, prefix: string): Promise<number> {
  const { kvs } = await client.kv.get(prefix, { prefix: true });
  return kvs.reduce((sum, kv) => sum + Number(kv.text()), 0);
}

/** Runs a body whose first attempt, after `read`, lets somebody else write. */
function interrupted<T>(
  client: EtcdOperations,
  isolation: Isolation,
  body: { read(tx: Transaction): Promise<T>; meanwhile(): Promise<unknown>; write(tx: Transaction, read: T): void },
): Promise<{ readonly value: T; readonly attempts: number }> {
  const run = async (tx: Transaction): Promise<T> => {
    const read = await body.read(tx);
    if (tx.attempt === 1) await body.meanwhile();
    body.write(tx, read);
    return read;
  };
  return transact(client, run, { isolation });
}

/** Adds the tests. */
export function transactCases(test: Suite, context: () => ContractContext): void {
  const place = (): { client: EtcdOperations; prefix: string } => ({
    client: context().client,
    prefix: `transact/${randomUUID()}/`,
  });

  test('TX-05 TX-07 TestSTMConflict concurrent transfers between five accounts keep the sum', async () => {
    for (const isolation of CHECKED) {
      const { client, prefix } = place();
      const keys = Array.from({ length: 5 }, (_, i) => `${prefix}${i}`);
      for (const key of keys) await client.kv.put(key, '100');
      const transfers = keys.map(async (from, i) => {
        const to = keys[(i + 1 + Math.floor(Math.random() * 4)) % 5] as string;
        await transact(client, (tx) => moveHalf(tx, from, to), { isolation });
      });
      await Promise.all(transfers);
      assert.is(await sumOf(client, prefix), 500, isolation);
    }
  });

  test('TX-01 TestSTMPutNewKey a key that was missing is written', async () => {
    for (const isolation of KINDS) {
      const { client, prefix } = place();
      const { header } = await transact(client, async (tx) => tx.put(`${prefix}foo`, 'bar'), { isolation });
      const [kv] = (await client.kv.get(`${prefix}foo`)).kvs;
      assert.equal([kv?.text(), kv?.modRevision], ['bar', header?.revision]);
    }
  });

  test('TX-09 TestSTMAbort a transaction that is aborted in its body writes nothing', async () => {
    const { client, prefix } = place();
    const controller = new AbortController();
    const reason = new Error('no more');
    const work = transact(
      client,
      async (tx) => {
        tx.put(`${prefix}foo`, 'baz');
        controller.abort(reason);
        await new Promise((resolve) => setImmediate(resolve));
        tx.put(`${prefix}foo`, 'bap');
      },
      { signal: controller.signal, isolation: 'repeatable-reads' },
    );
    assert.is(await work.then(String, (error: unknown) => error), reason);
    assert.is((await client.kv.get(`${prefix}foo`)).count, 0);
  });

  test('TX-03 TestSTMSerialize keys that are always written together are always read together', async () => {
    const { client, prefix } = place();
    const keys = Array.from({ length: 5 }, (_, i) => `${prefix}${i}`);
    let writing = true;
    const write = async (): Promise<void> => {
      for (let i = 0; i < 60; i++) await client.kv.txn({ then: keys.map((key) => op.put(key, String(i))) });
      writing = false;
    };
    const read = async (isolation: Isolation): Promise<number> => {
      let reads = 0;
      while (writing) {
        const body = async (tx: Transaction): Promise<number[]> => {
          const values = [];
          for (const key of keys) values.push(await numberAt(tx, key));
          return values;
        };
        const { value } = await transact(client, body, { isolation });
        assert.is(new Set(value).size, 1, `${isolation} ${value.join()}`);
        reads++;
      }
      return reads;
    };
    const [, ...reads] = await Promise.all([write(), ...ONE_REVISION.map(read)]);
    assert.ok(reads.every((count) => count > 0));
  });

  test('TX-07 TestSTMApplyOnConcurrentDeletion a read key that is deleted meanwhile is a conflict', async () => {
    for (const isolation of CHECKED) {
      const { client, prefix } = place();
      await client.kv.put(`${prefix}foo`, 'bar');
      const { attempts, value } = await interrupted(client, isolation, {
        read: (tx) => tx.get(`${prefix}foo`),
        meanwhile: () => client.kv.delete(`${prefix}foo`),
        write: (tx) => tx.put(`${prefix}foo2`, 'bar2'),
      });
      assert.equal([attempts, value], [2, undefined], isolation);
      assert.is((await client.kv.get(`${prefix}foo2`)).kvs[0]?.text(), 'bar2');
    }
  });

  test('TX-05 TestSTMSerializableSnapshotPut a key that is only written conflicts with nothing that is past', async () => {
    const { client, prefix } = place();
    await client.kv.put(`${prefix}a`, '0');
    for (let i = 0; i < 2; i++) {
      const { attempts } = await transact(client, async (tx) => {
        await tx.get(`${prefix}a`);
        tx.put(`${prefix}b`, '1');
      });
      assert.is(attempts, 1);
    }
    assert.is((await client.kv.get(`${prefix}b`)).kvs[0]?.version, 2);
  });

  test('TX-05 a key that is only written and that somebody wrote meanwhile conflicts in the snapshot kind only', async () => {
    for (const isolation of KINDS) {
      const { client, prefix } = place();
      const { attempts } = await interrupted(client, isolation, {
        read: (tx) => tx.get(`${prefix}a`),
        meanwhile: () => client.kv.put(`${prefix}b`, 'theirs'),
        write: (tx) => tx.put(`${prefix}b`, 'ours'),
      });
      assert.is(attempts, isolation === 'serializable-snapshot' ? 2 : 1, isolation);
      assert.is((await client.kv.get(`${prefix}b`)).kvs[0]?.text(), 'ours');
    }
  });

  test('TX-01 TX-02 TestGet a transaction reads its own writes, and several keys in one request', async () => {
    const { client, prefix } = place();
    await client.kv.txn({ then: ['a', 'b'].map((key) => op.put(`${prefix}${key}`, key)) });
    const { value } = await transact(client, async (tx) => {
      tx.delete(`${prefix}a`);
      tx.put(`${prefix}c`, 'c');
      const kvs = await tx.getAll(['a', 'b', 'c', 'd'].map((key) => `${prefix}${key}`));
      return kvs.map((kv) => kv?.text());
    });
    assert.equal(value, [undefined, 'b', 'c', undefined]);
    assert.equal(
      (await client.kv.get(prefix, { prefix: true })).kvs.map((kv) => kv.text()),
      ['b', 'c'],
    );
  });

  test('TX-07 ExampleSTM_apply ten transfers at once, each between two accounts, keep the sum', async () => {
    const { client, prefix } = place();
    await client.kv.txn({ then: Array.from({ length: 5 }, (_, i) => op.put(`${prefix}${i}`, '100')) });
    const random = (): number => Math.floor(Math.random() * 5);
    const exchange = async (tx: Transaction): Promise<void> => {
      const [from, to] = [random(), random()];
      if (from !== to) await moveHalf(tx, `${prefix}${from}`, `${prefix}${to}`);
    };
    await Promise.all(Array.from({ length: 10 }, () => transact(client, exchange)));
    assert.is(await sumOf(client, prefix), 500);
  });

  test('TX-05 write skew is prevented where reads are compared, and happens with read-committed', async () => {
    for (const isolation of KINDS) {
      const { client, prefix } = place();
      const doctors = [`${prefix}alice`, `${prefix}bob`];
      await client.kv.txn({ then: doctors.map((key) => op.put(key, '1')) });
      const bothRead = deferred();
      let readers = 0;
      const leave = (own: string): Promise<unknown> =>
        transact(
          client,
          async (tx) => {
            const onCall = await Promise.all(doctors.map((key) => numberAt(tx, key)));
            if (tx.attempt === 1 && ++readers === 2) bothRead.resolve();
            await bothRead.promise;
            if (onCall.reduce((a, b) => a + b) > 1) tx.put(own, '0');
          },
          { isolation },
        );
      await Promise.all(doctors.map(leave));
      assert.is(await sumOf(client, prefix), isolation === 'read-committed' ? 0 : 1, isolation);
    }
  });

  test('TX-04 a body sees two revisions with repeatable reads, but its commit then conflicts', async () => {
    const { client, prefix } = place();
    const seen: string[] = [];
    await client.kv.txn({ then: ['a', 'b'].map((key) => op.put(`${prefix}${key}`, 'old')) });
    const body = async (tx: Transaction): Promise<void> => {
      const a = (await tx.get(`${prefix}a`))?.text();
      if (tx.attempt === 1) await client.kv.txn({ then: ['a', 'b'].map((key) => op.put(`${prefix}${key}`, 'new')) });
      seen.push(`${a} ${(await tx.get(`${prefix}b`))?.text()}`);
      tx.put(`${prefix}c`, 'x');
    };
    await transact(client, body, { isolation: 'repeatable-reads' });
    assert.equal(seen, ['old new', 'new new']);
    seen.length = 0;
    await client.kv.txn({ then: ['a', 'b'].map((key) => op.put(`${prefix}${key}`, 'old')) });
    await transact(client, body, { isolation: 'serializable' });
    assert.equal(seen, ['old old', 'new new']);
  });

  test('TX-06 an attempt whose revision is compacted runs again', async () => {
    const { client, prefix } = place();
    await client.kv.put(`${prefix}a`, '1');
    const { attempts, value } = await transact(client, async (tx) => {
      await tx.get(`${prefix}a`);
      if (tx.attempt === 1) {
        const { header } = await client.kv.put(`${prefix}b`, 'later');
        await client.kv.compact(header.revision);
      }
      const b = await tx.get(`${prefix}b`);
      tx.put(`${prefix}c`, 'x');
      return b?.text();
    });
    assert.equal([attempts, value], [2, 'later']);
  });

  test('TX-08 after maxAttempts conflicts nothing is written', async () => {
    const { client, prefix } = place();
    const work = transact(
      client,
      async (tx) => {
        await tx.get(`${prefix}a`);
        await client.kv.put(`${prefix}a`, 'theirs');
        tx.put(`${prefix}a`, 'ours');
      },
      { maxAttempts: 3 },
    );
    await rejects(work, { code: 'TRANSACTION_CONFLICT', outcome: 'not-applied', attempts: 3 });
    const [kv] = (await client.kv.get(`${prefix}a`)).kvs;
    assert.equal([kv?.text(), kv?.version], ['theirs', 3]);
  });

  test('TX-12 a transaction of 128 operations is applied, one of 129 is refused', async () => {
    const { client, prefix } = place();
    const write = (count: number): Promise<unknown> =>
      transact(client, async (tx) => {
        for (let i = 0; i < count; i++) tx.put(`${prefix}${i}`, 'x');
      });
    await rejects(write(129), { code: 'TOO_MANY_OPS', outcome: 'not-applied' });
    assert.is((await client.kv.get(prefix, { prefix: true, countOnly: true })).count, 0);
    await write(128);
    assert.is((await client.kv.get(prefix, { prefix: true, countOnly: true })).count, 128);
  });

  test('TX-13 prefetched keys are read at one revision, before and after a conflict', async () => {
    const { client, prefix } = place();
    const keys = [`${prefix}a`, `${prefix}b`];
    await client.kv.txn({ then: keys.map((key) => op.put(key, '1')) });
    const { value, attempts } = await transact(
      client,
      async (tx) => {
        if (tx.attempt === 1) await client.kv.txn({ then: keys.map((key) => op.put(key, '2')) });
        const read = (await tx.getAll(keys)).map((kv) => kv?.text());
        tx.put(`${prefix}c`, read.join());
        return read;
      },
      { prefetch: keys },
    );
    assert.equal([value, attempts], [['2', '2'], 2]);
  });

  test('TX-14 a range conflicts with what is added, changed or deleted within it, and with nothing else', async () => {
    const changes: readonly [what: string, change: (client: EtcdOperations, prefix: string) => Promise<unknown>][] = [
      ['added', (client, prefix) => client.kv.put(`${prefix}q/2`, '')],
      ['changed', (client, prefix) => client.kv.put(`${prefix}q/1`, 'x')],
      ['deleted', (client, prefix) => client.kv.delete(`${prefix}q/1`)],
      ['beyond', (client, prefix) => client.kv.put(`${prefix}q0`, '')],
    ];
    for (const isolation of CHECKED) {
      for (const [what, change] of changes) {
        const { client, prefix } = place();
        await client.kv.put(`${prefix}q/1`, '');
        const { attempts } = await interrupted(client, isolation, {
          read: (tx) => tx.range(`${prefix}q/`, { prefix: true }),
          meanwhile: () => change(client, prefix),
          write: (tx, kvs) => tx.put(`${prefix}count`, String(kvs.length)),
        });
        assert.is(attempts, what === 'beyond' ? 1 : 2, `${isolation}, ${what}`);
      }
    }
  });

  test('TX-14 an empty range is guarded, with an end and without one', async () => {
    const { client } = place();
    for (const forms of [{ prefix: true }, { fromKey: true }] as const) {
      // No other test has keys behind these.
      const queue = `~transact/${randomUUID()}/`;
      const claim = (i: number): Promise<unknown> =>
        transact(client, async (tx) => {
          if ((await tx.range(queue, forms)).length === 0) tx.put(`${queue}${i}`, '');
        });
      await Promise.all([claim(0), claim(1), claim(2)]);
      assert.is((await client.kv.get(queue, { prefix: true })).count, 1);
      await client.kv.delete(queue, { prefix: true });
    }
  });

  test('TX-01 a put takes a lease, with which the key goes', async () => {
    const { client, prefix } = place();
    const { id } = await client.lease.grant(60);
    await transact(client, async (tx) => tx.put(`${prefix}a`, 'x', { lease: id }));
    assert.is((await client.kv.get(`${prefix}a`)).kvs[0]?.lease, id);
    await client.lease.revoke(id);
    assert.is((await client.kv.get(`${prefix}a`)).count, 0);
  });
}
