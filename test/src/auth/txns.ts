import { compare, keyExists, op, type Compare, type Op } from '@etcdts/core';
import { assert, rejects } from '@etcdts/testing';
import type { Suite } from '@etcdts/testing';
import type { AuthServer } from './auth-etcd.ts';
import { asksEverywhere, DENIED, foreignLease, limitedUser, type LimitedUser } from './limited.ts';

interface Branches {
  readonly if?: Compare[];
  readonly then?: Op[];
  readonly else?: Op[];
}

/** Adds the tests of the permissions that a transaction needs. */
export function authTxns(test: Suite, server: () => AuthServer): void {
  const user = (prefix: string): Promise<LimitedUser> =>
    limitedUser(
      server(),
      { type: 'readwrite', key: `${prefix}own/`, prefix: true },
      { type: 'read', key: `${prefix}read/`, prefix: true },
      { type: 'write', key: `${prefix}write/`, prefix: true },
    );

  test('a transaction needs the rights of its conditions and of both its branches', async () => {
    const prefix = 'txns/';
    await using limited = await user(prefix);
    const [own, read, write] = ['own/k', 'read/k', 'write/k'].map((name) => prefix + name) as [string, string, string];
    const { kv } = limited.client;
    await kv.txn({
      if: [keyExists(read), compare.version(`${prefix}own/`, '=', 0, { prefix: true })],
      then: [
        op.put(write, 'v'),
        op.put(own, 'v', { prevKv: true }),
        op.delete(`${prefix}write/l`, { rangeEnd: `${prefix}write/n` }),
      ],
      else: [op.get(own), op.get(read), op.txn({ if: [keyExists(read)], then: [op.put(own, 'v')] })],
    });
    const refused: Branches[] = [
      { if: [keyExists(write)] },
      { if: [compare.version(prefix, '=', 0, { prefix: true })] },
      { if: [keyExists(own), keyExists(`${prefix}other`)] },
      { then: [op.get(write)] },
      { then: [op.get(prefix, { prefix: true })] },
      { then: [op.put(read, 'v')] },
      { then: [op.delete(read)] },
      { then: [op.delete(`${prefix}p`, { rangeEnd: `${prefix}z` })] },
      { then: [op.delete(write, { prevKv: true })] },
      { else: [op.put(read, 'v')] },
      { if: [keyExists(`${prefix}own/none`)], then: [op.get(write)] },
    ];
    for (const branches of refused) {
      const then = [op.put(`${prefix}own/refused`, 'v'), ...(branches.then ?? [])];
      await rejects(kv.txn({ ...branches, then }), DENIED);
    }
    assert.is((await kv.get(`${prefix}own/refused`)).count, 0, 'nothing of them is applied');
  });

  test('what a transaction puts and nests needs the same rights as outside', async (t) => {
    const one = server();
    if (!asksEverywhere(one)) t.skip('this etcd does not look into them');
    const prefix = 'nested/';
    await using limited = await user(prefix);
    const { kv } = limited.client;
    await using lent = await foreignLease(one);
    const { id } = lent;
    await one.client.kv.put('nested/foreign', 'v', { lease: id });
    const [read, write] = [`${prefix}read/k`, `${prefix}write/k`];
    const inner: Branches[] = [
      { then: [op.put(write, 'v', { prevKv: true })] },
      { then: [op.put(write, 'v', { lease: id })] },
      { then: [op.put(read, 'v')] },
      { else: [op.delete(read)] },
      { else: [op.get(write)] },
      { if: [keyExists(write)] },
    ];
    const outer: Branches[] = inner.flatMap((branches) => {
      const nested = op.txn(branches as Parameters<typeof op.txn>[0]) as Op;
      return [{ then: [nested] }, { else: [nested] }, { then: [op.txn({ else: [nested] }) as Op] }];
    });
    for (const branches of [...inner.slice(0, 2), ...outer]) {
      const then = [op.put(`${prefix}own/refused`, 'v'), ...(branches.then ?? [])];
      await rejects(kv.txn({ ...branches, then }), DENIED);
    }
    assert.is((await kv.get(`${prefix}own/refused`)).count, 0, 'nothing of them is applied');
  });
}
