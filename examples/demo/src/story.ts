// The story, chapter by chapter. Each function uses the library as an application would.
import { setTimeout as sleep } from 'node:timers/promises';
import { keyMissing, op, type EtcdClient, type KeepAlive, type TlsOptions } from '@etcdts/core';
import { withNamespace, type NamespacedClient } from '@etcdts/namespace';
import type { FaultProxy } from '@etcdts/testing';
import { replaceLeader } from './captain.ts';
import { Observer, sayEvent } from './observer.ts';
import { createOrder, type Tally } from './orders.ts';
import { chapter, done, facts, say } from './stage.ts';
import { hold, summarise } from './trace.ts';

const TTL_SECONDS = 3;
const ORDERS = 300;
const WRITERS = 6;
const OUTAGE_MS = 400;

/** What the story is told with; all its keys begin with `root`. */
export interface Scene {
  readonly client: EtcdClient;
  /** Where the client connects to, for a client of another thread. */
  readonly endpoint: string;
  readonly tls: TlsOptions | undefined;
  readonly proxy: FaultProxy;
  readonly root: string;
}

export async function tell({ client, endpoint, tls, proxy, root }: Scene): Promise<void> {
  const blue = withNamespace(client, `${root}blue/`);
  const green = withNamespace(client, `${root}green/`);
  await twoTenants(client, blue, green, root);
  const registry = new Observer(blue.watch('services/', { prefix: true }), sayEvent);
  const keepAlive = await register(blue, registry);
  await elect(blue);
  await cutTheConnection(blue, proxy);
  await crash(keepAlive, registry);
  await registry.cancel();
  await replaceLeader(blue, { endpoint, tls, prefix: `${root}blue/` });
}

async function twoTenants(
  client: EtcdClient,
  blue: NamespacedClient,
  green: NamespacedClient,
  root: string,
): Promise<void> {
  chapter('Two tenants share a client; an interceptor prints every RPC');
  say('blue', "puts motto = 'sky'");
  await blue.kv.put('motto', 'sky');
  say('green', "puts motto = 'grass'");
  await green.kv.put('motto', 'grass');
  const own = await blue.kv.get('', { prefix: true });
  say('blue', `sees ${own.kvs.map((kv) => `${kv.key.toString()} = '${kv.text()}'`).join(', ')}, and nothing else`);
  const all = await client.kv.get(root, { prefix: true, keysOnly: true });
  say('etcd', `has ${all.kvs.map((kv) => kv.key.toString()).join(' and ')}`);
}

async function register(blue: NamespacedClient, registry: Observer): Promise<KeepAlive> {
  chapter('A service registers itself under a lease, and a watcher sees it');
  await registry.created;
  say('api', `starts: takes a lease of ${TTL_SECONDS} s, keeps it alive, puts its address`);
  const { id } = await blue.lease.grant(TTL_SECONDS);
  const keepAlive = blue.lease.keepAlive(id);
  await blue.kv.put('services/api', '10.0.0.7:8080', { lease: id });
  await registry.reaches(1);
  say('api', 'moves to another port');
  await blue.kv.put('services/api', '10.0.0.7:9090', { lease: id });
  await registry.reaches(2);
  return keepAlive;
}

async function elect(blue: NamespacedClient): Promise<void> {
  chapter('Two candidates run one transaction: one wins, one loses');
  for (const name of ['alice', 'bob']) {
    say(name, `if leader is missing, put leader = '${name}', else get it`);
    const answer = await blue.kv.txn({
      if: [keyMissing('leader')],
      then: [op.put('leader', name)],
      else: [op.get('leader')],
    });
    // `succeeded` tells the types of the responses: of the put, or of the get.
    if (answer.succeeded) say(name, `won, at revision ${answer.header.revision}`);
    else say(name, `lost: the leader is '${answer.responses[0].kvs[0]?.text()}'`);
  }
}

async function cutTheConnection(blue: NamespacedClient, proxy: FaultProxy): Promise<void> {
  chapter(`The connection is cut while ${WRITERS} writers create ${ORDERS} orders`);
  const orders = new Observer(blue.watch('orders/', { prefix: true }));
  await orders.created;
  hold();

  const tally: Tally = { unknown: 0, notApplied: 0, found: 0 };
  const open = Array.from({ length: ORDERS }, (_, i) => `orders/${String(i + 1).padStart(4, '0')}`);
  let accepted = 0;
  let outage: Promise<void> | undefined;
  const writers = Array.from({ length: WRITERS }, async () => {
    for (let key = open.shift(); key !== undefined; key = open.shift()) {
      await createOrder(blue, key, tally);
      if (++accepted === ORDERS / 2) outage = cut(proxy, tally);
    }
  });
  await Promise.all(writers);
  await outage;
  await orders.reaches(ORDERS);
  await orders.cancel();
  summarise();

  say('writers', `asked again: ${tally.found} of the ${tally.unknown} had been applied`);
  await prove(blue, accepted, orders);
}

/** Loses the replies that are on their way, resets the connection and lets no new one through for a while. */
async function cut(proxy: FaultProxy, tally: Tally): Promise<void> {
  say('network', `in the middle: replies are lost, then no connection for ${OUTAGE_MS} ms`);
  proxy.swallowReplies();
  await sleep(50);
  proxy.refuse();
  proxy.cut();
  await sleep(OUTAGE_MS);
  say('writers', `${tally.unknown} transactions had been sent: UNAVAILABLE, outcome 'unknown'`);
  say('writers', `${tally.notApplied} attempts found no connection: UNAVAILABLE, outcome 'not-applied'`);
  say('network', 'is back');
  await proxy.heal();
}

async function prove(blue: NamespacedClient, accepted: number, { events }: Observer): Promise<void> {
  const { kvs } = await blue.kv.get('orders/', { prefix: true });
  const once = kvs.filter((kv) => kv.version === 1).length;
  const distinct = new Set(events.map(({ kv }) => kv.key.toString())).size;
  const ordered = events.every(({ kv }, i) => i === 0 || kv.modRevision > (events[i - 1]?.kv.modRevision ?? 0n));
  facts([
    ['orders accepted', accepted, ''],
    ['keys in etcd', kvs.length, `${once} of them written exactly once`],
    ['events seen', events.length, `of ${distinct} keys, ${ordered ? 'in order of revision' : 'out of order'}`],
  ]);
  const same = [kvs.length, once, events.length, distinct].every((count) => count === accepted);
  if (!same || !ordered) throw new Error('the counts differ: something was lost, repeated or reordered');
  done('nothing lost, nothing applied twice');
}

async function crash(keepAlive: KeepAlive, registry: Observer): Promise<void> {
  chapter('The service dies, and its key goes with the lease');
  // Throws the LEASE_LOST error if the lease had not outlived the cut.
  keepAlive.signal.throwIfAborted();
  say('api', 'outlived the cut; now it stops renewing, without a word');
  const stopped = performance.now();
  await keepAlive.cancel();
  await registry.reaches(3);
  done(`gone by itself after ${((performance.now() - stopped) / 1000).toFixed(1)} s`);
}
