// not about the server
// docs/client-options.md against what a client accepts, both ways.
import { createClient, type EtcdClient, type EtcdError } from '@etcdts/core';
import { assert, suite } from '@etcdts/testing';
import { textOf } from './documents.ts';

const test = suite('docs/client-options.md');

/** The first cells of the first table under a heading. */
function firstCells(path: string, heading: string): readonly string[] {
  const [, section = ''] = textOf(path).split(`\n${heading}\n`);
  const table = section.split(/\n#/)[0]?.match(/(?:^\|.*\n)+/m)?.[0] ?? '';
  const rows = table.trim().split('\n').slice(2);
  return rows.map((row) => row.split('|')[1]?.trim() ?? '');
}

const OPTIONS = 'docs/client-options.md';
const EVERY_CALL = ['signal', 'timeoutMs', 'requireLeader', 'endpoint', 'avoid', 'metadata', 'confidential'];
const named = (cell: string): string => cell.replaceAll('`', '');

/** What is accepted, by the error for an option that resembles none. */
async function accepted(call: (unknown: object) => unknown): Promise<readonly string[]> {
  const refused = (error: unknown): EtcdError => error as EtcdError;
  const error = await Promise.resolve()
    .then(() => call({ qqqqqqqqqqqq: 1 }))
    .then(() => undefined, refused);
  const [, names] =
    /^INVALID_ARGUMENT: unknown option \S+; there (?:are|is only) (.+)$/.exec(error?.message ?? '') ?? [];
  if (names === undefined) throw new Error(`it was not refused, or otherwise: ${error?.message}`);
  return names.split(', ').toSorted();
}

const ENDPOINTS = { endpoints: 'localhost:1' };
for (const [heading, of] of [
  ['## createClient', (unknown: object) => createClient({ ...ENDPOINTS, ...unknown })],
  ['### tls', (tls: object) => createClient({ ...ENDPOINTS, tls })],
  ['### keepalive', (keepalive: object) => createClient({ ...ENDPOINTS, keepalive })],
] as const) {
  test(`has each option under ${heading}, and no other`, async () => {
    assert.equal(firstCells(OPTIONS, heading).map(named).toSorted(), await accepted(of));
  });
}

test(`has the defaults of createClient and keepalive`, async () => {
  const client = createClient(ENDPOINTS);
  const { keepalive, ...described } = client.describe();
  await client.close();
  const has = (heading: string, values: object): void => {
    const [, section = ''] = textOf(OPTIONS).split(`\n${heading}\n`);
    for (const [name, value] of Object.entries(values)) {
      const [, cell = ''] = new RegExp(`^\\| \`${name}\` +\\| \`([^\`]+)\` `, 'm').exec(section) ?? [];
      assert.is(cell.replaceAll('_', ''), String(value), name);
    }
  };
  const limits = [
    'requestTimeoutMs',
    'connectTimeoutMs',
    'maxSendBytes',
    'maxReceiveBytes',
    'watchBufferBytes',
  ] as const;
  has('## createClient', Object.fromEntries(limits.map((name) => [name, described[name]])));
  has('### keepalive', keepalive ?? {});
});

test(`has the options of every call, and no other`, async () => {
  const client = createClient(ENDPOINTS);
  assert.equal(firstCells(OPTIONS, '## Options of every call').map(named), EVERY_CALL);
  assert.equal(await accepted((unknown) => client.kv.txn({}, unknown)), EVERY_CALL.toSorted());
  await client.close();
});

/** Each call of a client, with options. */
const calls: Readonly<Record<string, (client: EtcdClient, options: object) => unknown>> = {
  'kv.get': ({ kv }, options) => kv.get('k', options),
  'kv.put': ({ kv }, options) => kv.put('k', 'v', options),
  'kv.delete': ({ kv }, options) => kv.delete('k', options),
  'kv.txn': ({ kv }, options) => kv.txn({}, options),
  'kv.do': ({ kv }, options) => kv.do({ type: 'get', request: { key: Buffer.from('k') } }, options),
  'kv.compact': ({ kv }, options) => kv.compact(1, options),
  'kv.pages': ({ kv }, options) => kv.pages('k', options),
  watch: (client, options) => client.watch('k', options),
  'watcher.requestProgress': ({ watcher }, options) => watcher.requestProgress(options),
  'lease.grant': ({ lease }, options) => lease.grant(1, options),
  'lease.revoke': ({ lease }, options) => lease.revoke(1, options),
  'lease.timeToLive': ({ lease }, options) => lease.timeToLive(1, options),
  'lease.leases': ({ lease }, options) => lease.leases(options),
  'lease.keepAliveOnce': ({ lease }, options) => lease.keepAliveOnce(1, options),
  'lease.keepAlive': ({ lease }, options) => lease.keepAlive(1, options),
  'cluster.memberList': ({ cluster }, options) => cluster.memberList(options),
  'cluster.memberAdd': ({ cluster }, options) => cluster.memberAdd(['http://localhost:1'], options),
  'cluster.memberAddAsLearner': ({ cluster }, options) => cluster.memberAddAsLearner(['http://localhost:1'], options),
  'cluster.memberRemove': ({ cluster }, options) => cluster.memberRemove(1, options),
  'cluster.memberUpdate': ({ cluster }, options) => cluster.memberUpdate(1, ['http://localhost:1'], options),
  'cluster.memberPromote': ({ cluster }, options) => cluster.memberPromote(1, options),
  'maintenance.status': ({ maintenance }, options) => maintenance.status('localhost:1', options),
  'maintenance.defragment': ({ maintenance }, options) => maintenance.defragment('localhost:1', options),
  'maintenance.hash': ({ maintenance }, options) => maintenance.hash('localhost:1', options),
  'maintenance.hashKv': ({ maintenance }, options) => maintenance.hashKv('localhost:1', 0, options),
  'maintenance.alarmList': ({ maintenance }, options) => maintenance.alarmList(options),
  'maintenance.alarmDisarm': ({ maintenance }, options) => maintenance.alarmDisarm({}, options),
  'maintenance.moveLeader': ({ maintenance }, options) => maintenance.moveLeader(1, options),
  'maintenance.downgrade': ({ maintenance }, options) => maintenance.downgrade('cancel', '', options),
  'maintenance.snapshot': ({ maintenance }, options) => maintenance.snapshot(options),
  ready: (client, options) => client.ready(options),
  sync: (client, options) => client.sync(options),
};

test(`has the options of each call, and no other`, async () => {
  const client = createClient(ENDPOINTS);
  const listed = new Map<string, readonly string[]>();
  const [, section = ''] = textOf(OPTIONS).split('\n## Options of each call\n');
  for (const [, call = '', options = ''] of section.split('\n## ')[0]?.matchAll(/^\| (`[^|]*) \| ([^|]*) \|/gm) ?? []) {
    const names = [...options.matchAll(/`(\w+)`/g)].map(([, name]) => name as string);
    const own = options.startsWith('only ') ? names : [...names, ...EVERY_CALL];
    for (const [, name = ''] of call.matchAll(/`([\w.]+)`/g)) listed.set(name, own.toSorted());
  }
  for (const name of listed.keys()) assert.ok(name in calls, `${name} is no call that is tried here`);
  for (const [name, call] of Object.entries(calls)) {
    assert.equal(listed.get(name) ?? EVERY_CALL.toSorted(), await accepted((options) => call(client, options)), name);
  }
  // A call that is missing above.
  for (const facade of ['kv', 'watcher', 'lease', 'cluster', 'maintenance'] as const) {
    for (const method of Object.keys(client[facade])) {
      const name = `${facade}.${method}`.replace('watcher.watch', 'watch');
      assert.ok(typeof client[facade][method as never] !== 'function' || name in calls, `${name} is not tried here`);
    }
  }
  await client.close();
});

test.run();
