import type { EtcdClient } from '@etcdts/core';
import { invoke, methods } from '@etcdts/core/plugin';
import { assert } from '@etcdts/testing';
import type { Suite } from '@etcdts/testing';
import type { AuthServer } from './auth-etcd.ts';
import { asksEverywhere, keepsStatus, limitedUser, nobody, outcomes } from './limited.ts';

type Calls = (() => Promise<unknown>)[];

/** Adds the tests of operations on a whole etcd, which only root may call. */
export function authMaintenance(test: Suite, server: () => AuthServer): void {
  const endpoint = (): string => server().endpoint;

  /** The operations for which every etcd checks the role. None of them succeeds or changes anything. */
  const always = ({ cluster, maintenance }: EtcdClient): Calls => [
    () => maintenance.defragment(endpoint()),
    () => maintenance.hash(endpoint()),
    () => maintenance.hashKv(endpoint()),
    () => cluster.memberAdd(['http://127.0.0.1:1']),
    () => cluster.memberRemove(1n),
    () => cluster.memberPromote(1n),
    async () => {
      for await (const chunk of maintenance.snapshot()) assert.ok(chunk.length > 0);
    },
  ];
  const nowadays = (client: EtcdClient): Calls => [
    () => client.kv.compact(1n),
    () => invoke(client, methods.alarm, { action: 'deactivate', memberId: 0n, alarm: 'nospace' }),
    () => client.maintenance.downgrade('cancel', ''),
    () => client.maintenance.moveLeader(1n, { endpoint: endpoint() }),
  ];
  const harmless = ({ cluster, maintenance }: EtcdClient): Calls => [
    () => maintenance.status(endpoint()),
    () => maintenance.alarmList(),
    () => cluster.memberList(),
  ];

  test('members and maintenance are for root, however much another user may read and write', async () => {
    const one = server();
    await using user = await limitedUser(one, { type: 'readwrite', key: '', prefix: true });
    await using stranger = nobody(one);
    assert.equal(await outcomes(...always(user.client)), Array(7).fill('PERMISSION_DENIED'));
    assert.equal(await outcomes(...always(stranger)), Array(7).fill('USER_EMPTY'));
    const some = always(one.client).slice(1, 3);
    assert.equal(await outcomes(...some), ['ok', 'ok']);
    if (!asksEverywhere(one)) return;
    assert.equal(await outcomes(...nowadays(user.client)), Array(4).fill('PERMISSION_DENIED'));
    assert.equal(await outcomes(...nowadays(stranger)), Array(4).fill('USER_EMPTY'));
  });

  test('status, alarms and the list of members are for whoever has signed in', async (t) => {
    const one = server();
    if (keepsStatus(one.version)) t.skip('this etcd gives its status to root only');
    await using user = await limitedUser(one);
    await using stranger = nobody(one);
    assert.equal(await outcomes(...harmless(user.client)), ['ok', 'ok', 'ok']);
    if (asksEverywhere(one)) assert.equal(await outcomes(...harmless(stranger)), Array(3).fill('USER_EMPTY'));
  });
}
