// Requests that etcd refuses, sent to a real one and to the embedded one without a client of ours.
import { startEmbedded, type EmbeddedEtcd } from '@etcdts/embedded';
import { assert, findEtcd, isAtLeast, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { RawEtcd, type Message, type Outcome } from '../raw-etcd.ts';

const test = suite('embedded: verdicts', { timeoutMs: 60_000 });
const { version } = await findEtcd();
let servers: readonly [EtcdServer, EmbeddedEtcd];
let etcds: readonly [RawEtcd, RawEtcd];

test.before(async () => {
  servers = [await startEtcd({ timing: 'default' }), await startEmbedded({ name: 'member-1' })];
  etcds = [new RawEtcd(servers[0].endpoint), new RawEtcd(servers[1].endpoint)];
});
test.after(async () => {
  for (const etcd of etcds) etcd.close();
  for (const server of servers) await server.close();
});

const key = Buffer.from('k');
const [end, open] = [Buffer.from('m'), Buffer.alloc(1)];

/** Sends a request to both, one after the other, and compares the answers. */
async function same(what: string, ask: (etcd: RawEtcd) => Promise<Outcome>): Promise<Outcome> {
  const [real, embedded] = [await ask(etcds[0]), await ask(etcds[1])];
  assert.equal(plain(embedded), plain(real), what);
  return embedded;
}

const calls = (name: string, request: Message): Promise<Outcome> =>
  same(`${name} ${JSON.stringify(request)}`, (etcd) => etcd.call(name, request));

test('bytes that are no request are refused as etcd does', async () => {
  const bytes = Buffer.from([0x0a, 0x7f, 0x01]);
  for (const name of ['KV.Put', 'KV.Range', 'Lease.LeaseGrant', 'Maintenance.Status']) {
    const { error } = await same(name, async (etcd) => {
      const { responses, error: refused } = await etcd.callBytes(name, bytes);
      // The text of the protobuf library differs between versions.
      return { responses, error: { code: refused?.code ?? 0, details: refused?.details.slice(0, 35) ?? '' } };
    });
    assert.equal(error, { code: 13, details: 'grpc: error unmarshalling request: ' });
  }
});

test('requests that are too large are refused as etcd does', async () => {
  const sized = (size: number): Message => ({ key, value: Buffer.alloc(size) });
  await calls('KV.Put', sized(1.5 * 2 ** 20));
  await calls('KV.Put', sized(1.5 * 2 ** 20 - 100));
  const operations = Array.from({ length: 128 }, (_, i) => ({
    requestPut: { key: Buffer.from(`${i}`), value: Buffer.alloc(12_500) },
  }));
  await calls('KV.Txn', { success: operations });
  const [real, embedded] = await Promise.all(etcds.map((etcd) => etcd.call('KV.Put', sized(2.1 * 2 ** 20))));
  assert.is(embedded?.error?.code, real?.error?.code);
});

test('KV refuses what etcd refuses, in its order', async () => {
  const empty = Buffer.alloc(0);
  for (const request of [
    { key: empty, value: empty },
    { key: empty, value: key, ignoreValue: true },
    { key, value: key, ignoreValue: true, ignoreLease: true, lease: 1 },
    { key, lease: 1, ignoreLease: true },
    { key, lease: 77, ignoreValue: true },
    { key: Buffer.from('none'), ignoreLease: true },
  ])
    await calls('KV.Put', request);
  const put = { requestPut: { key, value: empty } };
  const many = Array.from({ length: 129 }, () => put);
  for (const request of [
    { success: many },
    { compare: Array.from({ length: 129 }, () => ({ key })) },
    { success: [{ requestTxn: { success: many.slice(1) } }] },
    { success: [put, { requestTxn: { success: many.slice(2) } }] },
    { compare: [{}], success: [put, put] },
    { success: [{}] },
    { success: [put, put] },
    { success: [{ requestDeleteRange: { key, rangeEnd: end } }, put] },
    { success: [{ requestDeleteRange: { key, rangeEnd: open } }, put] },
    { success: [put, { requestDeleteRange: { key } }] },
    { success: [{ requestTxn: { success: [put], failure: [put] } }] },
    { success: [{ requestTxn: { success: [put] } }, { requestTxn: { failure: [put] } }] },
    { success: [{ requestTxn: { success: [put] } }, { requestTxn: { failure: [{ requestDeleteRange: { key } }] } }] },
    { success: [{ requestTxn: { failure: [{ requestDeleteRange: { key } }] } }, { requestTxn: { success: [put] } }] },
    { success: [{ requestRange: { key, revision: 1_000 } }] },
    { success: [{ requestRange: { key, revision: -1 } }] },
    { success: [{ requestPut: { key, lease: 77 } }] },
  ])
    await calls('KV.Txn', request);
  for (const request of [{ key, revision: 1_000 }, { key, revision: -5 }, { key, limit: -1 }, { key: empty }])
    await calls('KV.Range', request);
  for (const revision of [0, -1, 1, 1, 1_000]) await calls('KV.Compact', { revision });
});

test('Lease, Cluster and Maintenance refuse what etcd refuses', async (t) => {
  if (!isAtLeast(version, '3.5')) t.skip('this etcd answers Alarm without a header');
  for (const TTL of [9_000_000_001, 0, -1]) await calls('Lease.LeaseGrant', { ID: 5, TTL });
  for (const ID of [5, 6]) await calls('Lease.LeaseRevoke', { ID });
  await calls('Lease.LeaseTimeToLive', { ID: 6, keys: true });
  await calls('Cluster.MemberRemove', { ID: 1 });
  await calls('Cluster.MemberPromote', { ID: 1 });
  await calls('Cluster.MemberUpdate', { ID: 1, peerURLs: ['http://127.0.0.1:1'] });
  for (const peerURLs of [[], ['nonsense'], ['http://127.0.0.1']]) await calls('Cluster.MemberAdd', { peerURLs });
  await calls('Maintenance.MoveLeader', { targetID: 1 });
  await calls('Maintenance.Alarm', {});
  for (const revision of [10_000]) await calls('Maintenance.HashKV', { revision });
  for (const [action, to] of [
    [0, 'nonsense'],
    [0, '3.1.0'],
    [1, '3.1'],
  ])
    await calls('Maintenance.Downgrade', { action, version: to });
});

test('watches are refused as etcd does', async () => {
  const streams = etcds.map((etcd) => etcd.stream('Watch.Watch'));
  const requests = [
    // Older releases create a watch that starts below zero, and cancel it later.
    ...(isAtLeast(version, '3.5.20') ? [{ key, startRevision: -1 }] : []),
    { key: end, rangeEnd: key },
    { key, rangeEnd: key },
    { key, watchId: 7 },
    { key, watchId: 7 },
    { key: Buffer.alloc(0) },
  ];
  for (const createRequest of requests) for (const stream of streams) stream.send({ createRequest });
  for (const stream of streams) {
    while (stream.received.length < requests.length) await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const [real, embedded] = streams.map(({ received }) => stripped(received));
  assert.equal(embedded, real);
  for (const stream of streams) stream.close();
});

test('authentication refuses what etcd refuses', async (t) => {
  if (!isAtLeast(version, '3.5')) t.skip('this etcd falls over a role that is granted nothing');
  const tokens: [string, string][] = [];
  const as = async (who: number | undefined, name: string, request: Message): Promise<void> => {
    await same(`${name} as ${who ?? 'nobody'} ${JSON.stringify(request)}`, (etcd) =>
      etcd.call(name, request, who === undefined ? undefined : tokens[who]?.[etcds.indexOf(etcd)]),
    );
  };
  const signIn = async (name: string, password: string): Promise<void> => {
    const outcomes = await Promise.all(etcds.map((etcd) => etcd.call('Auth.Authenticate', { name, password })));
    tokens.push(outcomes.map(({ responses }) => String(responses[0]?.['token'])) as [string, string]);
  };
  await as(undefined, 'Auth.Authenticate', { name: 'root', password: 'r' });
  await as(undefined, 'Auth.AuthEnable', {});
  for (const name of ['', 'root', 'root', 'ann', 'bob']) await as(undefined, 'Auth.UserAdd', { name, password: name });
  await as(undefined, 'Auth.UserAdd', { name: 'cert', options: { noPassword: true } });
  await as(undefined, 'Auth.AuthEnable', {});
  for (const name of ['', 'root', 'some', 'some']) await as(undefined, 'Auth.RoleAdd', { name });
  for (const perm of [
    undefined,
    { permType: 2, key: Buffer.from('a'), rangeEnd: Buffer.from('c') },
    { permType: 0, key: Buffer.from('c'), rangeEnd: Buffer.from('e') },
    { permType: 1, key: Buffer.from('e') },
    { permType: 0, key: Buffer.from('x'), rangeEnd: open },
    { permType: 0, key: Buffer.from('c'), rangeEnd: Buffer.from('b') },
    { permType: 0 },
  ])
    await as(undefined, 'Auth.RoleGrantPermission', { name: 'some', perm });
  await as(undefined, 'Auth.RoleGrantPermission', { name: 'none', perm: { key } });
  await as(undefined, 'Auth.RoleGet', { role: 'some' });
  // Before 3.6, this role lists no permissions, but has all of them.
  if (isAtLeast(version, '3.6')) await as(undefined, 'Auth.RoleGet', { role: 'root' });
  for (const [user, role] of [
    ['ann', 'some'],
    ['ann', 'none'],
    ['none', 'some'],
    ['root', 'root'],
    ['root', 'root'],
  ])
    await as(undefined, 'Auth.UserGrantRole', { user, role });
  await as(undefined, 'Lease.LeaseGrant', { ID: 9, TTL: 1_000 });
  await as(undefined, 'KV.Put', { key: Buffer.from('a'), lease: 9 });
  await as(undefined, 'Auth.AuthEnable', {});
  for (const [name, password] of [
    ['ann', 'wrong'],
    ['none', 'x'],
    ['', ''],
    ['cert', ''],
  ])
    await as(undefined, 'Auth.Authenticate', { name, password });
  await signIn('root', 'root');
  await signIn('ann', 'ann');
  await signIn('bob', 'bob');
  tokens.push(['nonsense', 'nonsense'], ['x.1', 'x.1']);
  const is37 = isAtLeast(version, '3.7');
  for (const who of [undefined, 1, 2, 3, 4]) {
    for (const [from, to] of [['a'], ['b', 'd'], ['b', 'f'], ['e'], ['x', '\0'], ['w', '\0'], ['\0', '\0']] as const) {
      const range = { key: Buffer.from(from), rangeEnd: Buffer.from(to ?? '') };
      await as(who, 'KV.Range', range);
      await as(who, 'KV.DeleteRange', { ...range, prevKv: true });
      await as(who, 'KV.Txn', { compare: [range], success: [{ requestRange: range }] });
    }
    await as(who, 'KV.Put', { key: Buffer.from('e'), value: key });
    await as(who, 'KV.Put', { key: Buffer.from('e'), prevKv: true });
    await as(who, 'KV.Put', { key: Buffer.from('b'), lease: 9 });
    await as(who, 'KV.Txn', { failure: [{ requestPut: { key: Buffer.from('z') } }] });
    await as(who, 'Lease.LeaseTimeToLive', { ID: 9, keys: true });
    await as(who, 'Auth.UserGet', { name: 'ann' });
    await as(who, 'Auth.UserGet', { name: 'none' });
    await as(who, 'Auth.RoleGet', { role: 'some' });
    await as(who, 'Auth.UserList', {});
    await as(who, 'Auth.AuthDisable', {});
    // Older releases do not check the caller here.
    if (is37) {
      await as(who, 'Lease.LeaseRevoke', { ID: 99 });
      await as(who, 'Lease.LeaseLeases', {});
      await as(who, 'KV.Compact', { revision: 1 });
      await as(who, 'Cluster.MemberRemove', { ID: 1 });
      await as(who, 'Maintenance.MoveLeader', { targetID: 1 });
    }
  }
  await as(0, 'KV.Put', { key, lease: 9, prevKv: true });
  await as(0, 'KV.Range', { key: open, rangeEnd: open });
  await as(0, 'Lease.LeaseTimeToLive', { ID: 9, keys: true });
  await as(0, 'Auth.UserDelete', { name: 'root' });
  await as(0, 'Auth.UserRevokeRole', { name: 'root', role: 'root' });
  await as(0, 'Auth.RoleDelete', { role: 'root' });
  await as(0, 'Auth.UserRevokeRole', { name: 'bob', role: 'some' });
  await as(0, 'Auth.RoleRevokePermission', { role: 'some', key });
  await as(0, 'Auth.UserChangePassword', { name: 'ann', password: 'new' });
  await as(1, 'KV.Range', { key: Buffer.from('a') });
  await as(0, 'Auth.RoleDelete', { role: 'some' });
  await as(0, 'Auth.UserGet', { name: 'ann' });
  await as(is37 ? undefined : 0, 'Auth.AuthStatus', {});
  await as(0, 'Auth.AuthDisable', {});
  await as(1, 'KV.Range', { key: Buffer.from('a') });
});

function plain({ responses, error }: Outcome): object {
  return { responses: stripped(responses), error };
}

function stripped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(stripped);
  if (typeof value !== 'object' || value === null) return value;
  // The remaining TTL depends on the time of the request.
  const different = ['clusterId', 'memberId', 'raftTerm', 'grantedTTL' in value ? 'TTL' : ''];
  const entries = Object.entries(value).filter(([name]) => !different.includes(name));
  // etcd returns the keys of a lease in any order.
  const sorted = (name: string, inner: unknown): unknown =>
    name === 'keys' && Array.isArray(inner) ? inner.toSorted() : inner;
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(name, stripped(inner))]));
}

test.run();
