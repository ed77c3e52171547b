// limit: 180 s
// The quota of the database and alarms: the same requests on a real etcd and on the embedded one.
import { createClient } from '@etcdts/core';
import { startEmbedded, type EmbeddedEtcd } from '@etcdts/embedded';
import { assert, eventually, findEtcd, isAtLeast, rejects, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { strip } from './differential-answers.ts';
import { RawEtcd, type Message, type Outcome } from '../raw-etcd.ts';

const test = suite('embedded: quota and alarms', { timeoutMs: 90_000 });
const { version } = await findEtcd();
const key = Buffer.from('k');
const NO_SPACE = { code: 8, details: 'etcdserver: mvcc: database space exceeded' };

/** A real etcd and an embedded one, with the same quota. */
class Both implements AsyncDisposable {
  readonly #servers: readonly [EtcdServer, EmbeddedEtcd];
  readonly etcds: readonly [RawEtcd, RawEtcd];
  /** The ids of the members. */
  #ids: unknown[] = [];

  private constructor(servers: readonly [EtcdServer, EmbeddedEtcd]) {
    this.#servers = servers;
    this.etcds = [new RawEtcd(servers[0].endpoint), new RawEtcd(servers[1].endpoint)];
  }

  static async start(quota?: number): Promise<Both> {
    const servers = [
      // With its fast timing, an election may fail on a busy machine.
      await startEtcd({ timing: 'default', extraArgs: ['--bcrypt-cost=4'], ...(quota && { quotaBytes: quota }) }),
      await startEmbedded({ quotaBackendBytes: quota }),
    ] as const;
    const both = new Both(servers);
    for (const etcd of both.etcds) {
      const [status] = (await etcd.call('Maintenance.Status', {})).responses;
      both.#ids.push((status as { header: Message }).header['memberId']);
    }
    return both;
  }

  /** Sends a request to both, compares the answers, and returns them. `self` in the request is the member's own id. */
  async call(name: string, request: Message = {}, tokens: readonly string[] = []): Promise<object> {
    const [real, embedded] = await this.#each(name, request, tokens);
    assert.equal(embedded, real, `${name} ${JSON.stringify(request)}`);
    return embedded as object;
  }

  /** What both answer to a request about alarms as soon as it is the same. An etcd that exceeds its quota raises an alarm later. */
  async settled(name: string): Promise<object> {
    await eventually(async () => {
      const [real, embedded] = await this.#each(name, {}, []);
      return JSON.stringify(real) === JSON.stringify(embedded);
    });
    return this.call(name);
  }

  async #each(name: string, request: Message, tokens: readonly string[]): Promise<unknown[]> {
    const answers: unknown[] = [];
    for (const [i, etcd] of this.etcds.entries()) {
      const own = 'memberID' in request && request['memberID'] === 'self' ? { memberID: this.#ids[i] } : {};
      answers.push(comparable(await etcd.call(name, { ...request, ...own }, tokens[i]), this.#ids[i]));
    }
    return answers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const etcd of this.etcds) etcd.close();
    for (const server of this.#servers) await server.close();
  }
}

/** An answer without the numbers in which two etcds differ. Spaces are left out, since those of an etcd 3.7 depend on its build. */
function comparable({ responses, error }: Outcome, id: unknown): object {
  const plain = JSON.stringify(strip(responses), (name, value: unknown) =>
    ['header', 'TTL', 'hashRevision'].includes(name) ? undefined : typeof value === 'bigint' ? String(value) : value,
  );
  const [response] = JSON.parse(plain.replaceAll(String(id), 'self')) as Message[];
  const errors = (response?.['errors'] as string[] | undefined)?.map((text) => text.replaceAll(' ', ''));
  // Of a status, only what alarms change.
  return { response: errors === undefined ? response : { errors }, error };
}

const put = { requestPut: { key, value: key } };
const CHANGES: readonly [string, Message][] = [
  ['KV.Put', { key }],
  ['KV.Put', { key, lease: 77 }],
  ['KV.Txn', { success: [put] }],
  // Before 3.7.1, puts of nested transactions cost nothing.
  ['KV.Txn', { failure: [isAtLeast(version, '3.7.1') ? { requestTxn: { success: [put] } } : put] }],
  ['KV.Txn', { success: [{ requestRange: { key: Buffer.from('none') } }], failure: [{ requestDeleteRange: { key } }] }],
  ['KV.DeleteRange', { key }],
  ['Lease.LeaseGrant', { ID: 8, TTL: 1_000 }],
  ['Lease.LeaseGrant', { ID: 8, TTL: 9_000_000_001 }],
  ['Lease.LeaseRevoke', { ID: 8 }],
  ['Lease.LeaseRevoke', { ID: 9 }],
  ['KV.Compact', { revision: 1 }],
  ['KV.Compact', { revision: 0 }],
];
/** Changes that are refused anyway. Which reason is reported depends on the order of the checks. */
const MALFORMED: readonly [string, Message][] = [
  ['KV.Put', { key: Buffer.alloc(0) }],
  ['KV.Txn', { compare: [{}], success: [put] }],
];
const READS: readonly [string, Message][] = [
  ['KV.Range', { key, keysOnly: isAtLeast(version, '3.7') }],
  ['KV.Txn', { success: [{ requestRange: { key } }] }],
  ['Lease.LeaseTimeToLive', { ID: 9, keys: true }],
  ['Lease.LeaseLeases', {}],
  ['Maintenance.Alarm', {}],
  ['Maintenance.Status', {}],
];

test('without room, puts and grants are refused before all other checks, and raise the alarm again and again', async () => {
  await using both = await Both.start(1);
  await both.call('Maintenance.Status');
  for (const [name, request] of [...CHANGES, ...MALFORMED]) {
    await both.call(name, request);
    await both.call('Maintenance.Alarm');
    await both.call('Maintenance.Alarm', { action: 'DEACTIVATE', memberID: 'self', alarm: 'NOSPACE' });
  }
  for (const [name, request] of READS) await both.call(name, request);
  const { error } = (await both.call('KV.Put', { key })) as { error: object };
  assert.equal(error, NO_SPACE);
});

test('a full database is healed by compaction, defragmentation and disarming, and not without one of them', async () => {
  await using both = await Both.start(4 * 2 ** 20);
  const value = Buffer.alloc(500_000);
  await both.call('Lease.LeaseGrant', { ID: 9, TTL: 1_000 });
  for (const etcd of both.etcds) {
    for (let puts = 0; ; puts++) {
      const { error } = await etcd.call('KV.Put', { key, value });
      if (error === undefined) continue;
      assert.equal(error, NO_SPACE);
      assert.ok(puts >= 4 && puts < 50, `${puts} puts`);
      break;
    }
  }
  const raised = await both.settled('Maintenance.Alarm');
  assert.equal(raised, { response: { alarms: [{ memberID: 'self', alarm: 'NOSPACE' }] }, error: undefined });
  await both.call('Maintenance.Status');
  for (const [name, request] of CHANGES) await both.call(name, request);
  const compact = async (): Promise<void> => {
    for (const etcd of both.etcds) {
      const [read] = (await etcd.call('KV.Range', { key })).responses;
      const { revision } = (read as { header: { revision: bigint } }).header;
      assert.is((await etcd.call('KV.Compact', { revision, physical: true })).error, undefined);
    }
  };
  await compact();
  await both.call('KV.Put', { key });
  await both.call('Maintenance.Alarm', { action: 'DEACTIVATE', memberID: 'self', alarm: 'NOSPACE' });
  assert.equal(await both.call('KV.Put', { key, value: Buffer.alloc(1_000_000) }), {
    response: undefined,
    error: NO_SPACE,
  });
  await both.call('Maintenance.Alarm');
  await both.call('Maintenance.Defragment');
  assert.equal(await both.call('KV.Put', { key }), { response: undefined, error: NO_SPACE });
  await both.call('Maintenance.Alarm', { action: 'DEACTIVATE', memberID: 'self', alarm: 'NOSPACE' });
  await both.call('Maintenance.Status');
  const { error } = (await both.call('KV.Put', { key, value })) as { error?: object };
  assert.is(error, undefined);
});

test('alarms of any member are raised, listed and ended, and refuse what etcd refuses', async (t) => {
  if (!isAtLeast(version, '3.5')) t.skip('this etcd raises an alarm without a kind');
  await using both = await Both.start();
  await both.call('Lease.LeaseGrant', { ID: 9, TTL: 1_000 });
  await both.call('KV.Put', { key, lease: 9 });
  const alarm = (action: string, memberID: unknown, kind: string): Promise<object> =>
    both.call('Maintenance.Alarm', { action, memberID, alarm: kind });
  for (const kind of ['NOSPACE', 'CORRUPT']) {
    for (const [action, memberID] of [
      ['ACTIVATE', 'self'],
      ['ACTIVATE', 'self'],
      ['DEACTIVATE', 5],
      ['ACTIVATE', 0],
      ['DEACTIVATE', 'self'],
      ['GET', 7],
    ] as const)
      await alarm(action, memberID, kind);
    await alarm('ACTIVATE', 'self', 'NONE');
    await alarm('DEACTIVATE', 'self', 'NONE');
    await alarm('GET', 0, kind === 'CORRUPT' ? 'NOSPACE' : 'CORRUPT');
    for (const [name, request] of [...CHANGES, ...MALFORMED, ...READS]) await both.call(name, request);
    await both.call('Auth.RoleAdd', { name: kind });
    await both.call('Maintenance.HashKV');
    await alarm('DEACTIVATE', 0, kind);
    await both.call('KV.Put', { key });
  }
  await alarm('ACTIVATE', 'self', 'NOSPACE');
  await alarm('ACTIVATE', 'self', 'CORRUPT');
  await both.call('KV.Put', { key });
});

test('alarms are listed by who has signed in, and changed only by root', async (t) => {
  if (!isAtLeast(version, '3.7')) t.skip('this etcd asks less of those who call');
  await using both = await Both.start(1);
  for (const name of ['root', 'ann']) await both.call('Auth.UserAdd', { name, password: 'p' });
  await both.call('Auth.RoleAdd', { name: 'root' });
  await both.call('Auth.UserGrantRole', { user: 'root', role: 'root' });
  await both.call('Auth.AuthEnable');
  const signIn = (name: string): Promise<string[]> =>
    Promise.all(
      both.etcds.map(async (etcd) =>
        String((await etcd.call('Auth.Authenticate', { name, password: 'p' })).responses[0]?.['token']),
      ),
    );
  const [root, ann] = [await signIn('root'), await signIn('ann')];
  for (const tokens of [[], ['x.1', 'x.1'], ann, root]) {
    await both.call('KV.Put', { key }, tokens);
    await both.call('Maintenance.Alarm', {}, root);
    for (const action of ['GET', 'DEACTIVATE', 'ACTIVATE'])
      await both.call('Maintenance.Alarm', { action, memberID: 'self', alarm: 'NOSPACE' }, tokens);
    await both.call('Maintenance.Status', {}, tokens);
    await both.call('Maintenance.Alarm', { action: 'DEACTIVATE', memberID: 'self', alarm: 'NOSPACE' }, root);
  }
});

test('a negative quota is none, and the status has the quota', async () => {
  for (const [quota, expected] of [
    [-1, -1n],
    [undefined, 2n ** 31n],
    [5_000_000, 5_000_000n],
  ] as const) {
    await using both = await Both.start(quota);
    const quotas: unknown[] = [];
    for (const etcd of both.etcds) {
      const [status] = (await etcd.call('Maintenance.Status', {})).responses;
      quotas.push(status?.['dbSizeQuota']);
    }
    assert.equal(quotas, isAtLeast(version, '3.6') ? [expected, expected] : [0n, expected]);
    await both.call('KV.Put', { key });
  }
});

test('raise lets a test see what a full or a corrupt database does to a client, until that disarms it', async () => {
  await using etcd = await startEmbedded();
  await using client = createClient({ endpoints: etcd.endpoint });
  await client.kv.put('k', 'v');
  etcd.raise('NOSPACE');
  etcd.raise('NOSPACE');
  await rejects(client.kv.put('k', ''), { code: 'NO_SPACE' });
  assert.is((await client.kv.get('k')).kvs[0]?.text(), 'v');
  assert.equal(
    (await client.maintenance.alarmList()).alarms.map(({ alarm }) => alarm),
    ['nospace'],
  );
  await client.maintenance.alarmDisarm({});
  await client.kv.put('k', '');
  etcd.raise('CORRUPT');
  await rejects(client.kv.delete('k'), { code: 'CORRUPT' });
  for (const wrong of ['NONE', 'nospace', undefined])
    assert.throws(() => etcd.raise(wrong as 'NOSPACE'), /raise: there is no alarm .*NOSPACE and CORRUPT/);
});

test('while an etcd is corrupt no lease ends; it ends within three seconds after the alarm', async () => {
  await using etcd = await startEmbedded();
  await using client = createClient({ endpoints: etcd.endpoint });
  const { id } = await client.lease.grant(10);
  await client.kv.put('k', '', { lease: id });
  etcd.raise('CORRUPT');
  etcd.advance(20_000);
  assert.is((await client.kv.get('k')).count, 1);
  await client.maintenance.alarmDisarm({});
  etcd.advance(3_000);
  assert.is((await client.kv.get('k')).count, 0);
});

test.run();
