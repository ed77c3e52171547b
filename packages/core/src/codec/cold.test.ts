import { deepStrictEqual } from 'node:assert/strict';
import { assert, suite } from '@etcdts/testing';
import fc from 'fast-check';
import { isEtcdError } from '../errors.ts';
import { methods } from '../methods.ts';
import type { Codec } from './codec.ts';
import { cold, type ColdCodecs } from './cold.ts';
import { message, rpcs } from './oracle.test.kit.ts';

/** A request and what proto-loader must read in it; a response of proto-loader's and what must be made of it. */
interface Sample<C> {
  readonly request: C extends Codec<infer Req, infer _Res> ? Req : never;
  readonly reads?: object;
  readonly response?: object;
  readonly gives?: C extends Codec<infer _Req, infer Res> ? Omit<Res, 'header'> : never;
}

const MAX = 2n ** 64n - 1n;
const HEADER = { clusterId: MAX, memberId: 2n ** 63n, revision: 2n ** 63n - 1n, raftTerm: 7n };
const key = Buffer.from('k');
const end = Buffer.from('l');
const none = Buffer.alloc(0);
const peerUrls = ['http://a:2380', 'http://b:2380'];
const member = { id: MAX, name: 'm1', peerUrls, clientUrls: ['http://a:2379'], isLearner: true };
const bare = { id: 1n, name: '', peerUrls: [], clientUrls: [], isLearner: false };
const protoMember = {
  ID: MAX,
  name: 'm1',
  peerURLs: peerUrls,
  clientURLs: ['http://a:2379'],
  isLearner: true,
};
const members = { response: { members: [protoMember, { ID: 1n }] }, gives: { members: [member, bare] } };
const nameAndRole = { request: { name: 'n', role: 'r' }, reads: { name: 'n', role: 'r' } };
const status = {
  version: '3.7.0',
  leader: MAX,
  raftIndex: 2n ** 63n,
  raftTerm: 3n,
  raftAppliedIndex: 4n,
  errors: ['alarm:NOSPACE'],
  isLearner: true,
  storageVersion: '3.7.0',
};

const samples: { readonly [name in keyof ColdCodecs]: Sample<ColdCodecs[name]> } = {
  memberAdd: {
    request: { peerUrls, isLearner: true },
    reads: { peerURLs: peerUrls, isLearner: true },
    response: { member: protoMember, members: [{ ID: 1n }] },
    gives: { member, members: [bare] },
  },
  memberRemove: { request: { id: MAX }, reads: { ID: MAX }, ...members },
  memberUpdate: { request: { id: 5n, peerUrls }, reads: { ID: 5n, peerURLs: peerUrls }, ...members },
  memberList: { request: { linearizable: true }, reads: { linearizable: true }, ...members },
  memberPromote: { request: { id: MAX }, reads: { ID: MAX }, ...members },
  alarm: {
    request: { action: 'deactivate', memberId: MAX, alarm: 'corrupt' },
    reads: { action: 'DEACTIVATE', memberID: MAX, alarm: 'CORRUPT' },
    response: { alarms: [{ memberID: MAX, alarm: 'NOSPACE' }, { alarm: 'CORRUPT' }, {}] },
    gives: {
      alarms: [
        { memberId: MAX, alarm: 'nospace' },
        { memberId: 0n, alarm: 'corrupt' },
        { memberId: 0n, alarm: 'none' },
      ],
    },
  },
  status: {
    request: {},
    response: {
      ...status,
      dbSize: 2n ** 40n,
      dbSizeInUse: 2n,
      dbSizeQuota: 3n,
      downgradeInfo: { enabled: true, targetVersion: '3.6.0' },
    },
    gives: {
      ...status,
      dbSize: 2 ** 40,
      dbSizeInUse: 2,
      dbSizeQuota: 3,
      downgradeInfo: { enabled: true, targetVersion: '3.6.0' },
    },
  },
  defragment: { request: {} },
  hash: { request: {}, response: { hash: 2 ** 32 - 1 }, gives: { hash: 2 ** 32 - 1 } },
  hashKv: {
    request: { revision: 9n },
    reads: { revision: 9n },
    response: { hash: 2 ** 32 - 1, compactRevision: -1n, hashRevision: 8n },
    gives: { hash: 2 ** 32 - 1, compactRevision: -1n, hashRevision: 8n },
  },
  snapshot: {
    request: {},
    response: { remainingBytes: MAX, blob: key, version: '3.6.0' },
    gives: { remainingBytes: MAX, blob: key, version: '3.6.0' },
  },
  moveLeader: { request: { targetId: MAX }, reads: { targetID: MAX } },
  downgrade: {
    request: { action: 'cancel', version: '3.6.0' },
    reads: { action: 'CANCEL', version: '3.6.0' },
    response: { version: '3.7.0' },
    gives: { version: '3.7.0' },
  },
  authEnable: { request: {} },
  authDisable: { request: {} },
  authStatus: {
    request: {},
    response: { enabled: true, authRevision: MAX },
    gives: { enabled: true, authRevision: MAX },
  },
  authenticate: {
    request: { name: 'n', password: 'sentinel-password' },
    reads: { name: 'n', password: 'sentinel-password' },
    response: { token: 'sentinel-token.1' },
    gives: { token: 'sentinel-token.1' },
  },
  userAdd: {
    request: { name: 'n', password: 'sentinel-password', options: { noPassword: true } },
    reads: { name: 'n', password: 'sentinel-password', options: { noPassword: true }, hashedPassword: '' },
  },
  userGet: {
    request: { name: 'n' },
    reads: { name: 'n' },
    response: { roles: ['r'] },
    gives: { roles: ['r'] },
  },
  userList: { request: {}, response: { users: ['n', 'o'] }, gives: { users: ['n', 'o'] } },
  userDelete: { request: { name: 'n' }, reads: { name: 'n' } },
  userChangePassword: {
    request: { name: 'n', password: 'sentinel-password' },
    reads: { name: 'n', password: 'sentinel-password', hashedPassword: '' },
  },
  userGrantRole: { request: { user: 'n', role: 'r' }, reads: { user: 'n', role: 'r' } },
  userRevokeRole: nameAndRole,
  roleAdd: { request: { name: 'r' }, reads: { name: 'r' } },
  roleGet: {
    request: { role: 'r' },
    reads: { role: 'r' },
    response: {
      perm: [
        { permType: 'WRITE', key },
        { key, rangeEnd: end },
        { permType: 'READWRITE', key },
      ],
    },
    gives: {
      permissions: [
        { type: 'write', key },
        { type: 'read', key, rangeEnd: end },
        { type: 'readwrite', key },
      ],
    },
  },
  roleList: { request: {}, response: { roles: ['r'] }, gives: { roles: ['r'] } },
  roleDelete: { request: { role: 'r' }, reads: { role: 'r' } },
  roleGrantPermission: {
    request: { name: 'r', permission: { type: 'readwrite', key, rangeEnd: end } },
    reads: { name: 'r', perm: { permType: 'READWRITE', key, rangeEnd: end } },
  },
  roleRevokePermission: {
    request: { role: 'r', key, rangeEnd: end },
    reads: { role: 'r', key, rangeEnd: end },
  },
};

/** The same with Uint8Arrays for Buffers, as a clone has them. */
function unbuffered(value: unknown): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (Array.isArray(value)) return value.map(unbuffered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, unbuffered(field)]));
}

/** For JSON: bigints and bytes as this client writes them, all bytes here being text. */
function decimal(this: Record<string, unknown>, name: string, value: unknown): unknown {
  const raw = this[name];
  if (raw instanceof Uint8Array) return Buffer.from(raw).toString();
  return typeof value === 'bigint' ? String(value) : value;
}

const test = suite('codec: cold', { timeoutMs: 30_000 });

for (const [name, sample] of Object.entries(samples) as [keyof ColdCodecs, Sample<Codec<object, object>>][]) {
  const codec = cold[name] as Codec<object, object>;
  const rpc = rpcs.find(({ path }) => path === methods[name].path);
  if (rpc === undefined) throw new Error(`the protos have no ${methods[name].path}`);
  const request = message(`etcdserverpb.${rpc.requestType}`);
  const response = message(`etcdserverpb.${rpc.responseType}`);

  test(`${name} writes a ${rpc.requestType} and reads a ${rpc.responseType}`, () => {
    const frame = codec.encodeRequest(sample.request);
    assert.is(frame.readUIntBE(0, 5), frame.length - 5, 'prefix');
    assert.equal(request.deserialize(frame.subarray(5)), sample.reads ?? {});
    const decoded = codec.decodeResponse(response.serialize({ header: HEADER, ...sample.response }));
    assert.equal(decoded, { header: HEADER, ...sample.gives });
    deepStrictEqual(structuredClone(decoded), unbuffered({ header: HEADER, ...sample.gives }));
    assert.equal(
      JSON.parse(JSON.stringify(decoded)),
      JSON.parse(JSON.stringify({ header: HEADER, ...sample.gives }, decimal)),
    );
  });

  test(`${name} decodes or refuses damaged responses`, () => {
    const wire = response.serialize({ header: HEADER, ...sample.response });
    const changes = fc.array(fc.tuple(fc.nat(wire.length - 1), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(changes, fc.nat(wire.length), (changed, length) => {
        const damaged = Buffer.from(wire);
        for (const [at, value] of changed) damaged[at] = value;
        try {
          codec.decodeResponse(damaged.subarray(0, length));
        } catch (error) {
          if (!isEtcdError(error, 'INTERNAL') || error.grpcCode !== 13 || error.outcome !== 'unknown') throw error;
        }
      }),
      { numRuns: 300 },
    );
  });
}

test('gives a header of zeros where there is none, and leaves an absent submessage out', () => {
  const { header, downgradeInfo } = cold.status.decodeResponse(none);
  assert.is(header.revision, 0n);
  assert.is(downgradeInfo, undefined);
});

test('refuses words that etcd does not have', () => {
  const refused = [
    () => cold.alarm.encodeRequest({ action: 'ACTIVATE' as 'activate' }),
    () => cold.alarm.encodeRequest({ action: 'get', alarm: 'fire' as 'none' }),
    () => cold.downgrade.encodeRequest({ action: 'toString' as 'cancel', version: '3.6.0' }),
    () => cold.roleGrantPermission.encodeRequest({ name: 'r', permission: { type: 'all' as 'read', key } }),
  ];
  for (const encode of refused) assert.throws(encode, (error: unknown) => isEtcdError(error, 'INVALID_ARGUMENT'));
});

test('refuses a value that a field cannot hold by the name of the field, and does not show it', () => {
  const secret = 'sentinel-password';
  assert.throws(
    () => cold.userChangePassword.encodeRequest({ name: 'n', password: Buffer.from(secret) as unknown as string }),
    (error: unknown) =>
      isEtcdError(error, 'INVALID_ARGUMENT') &&
      /AuthUserChangePasswordRequest: password must be a string, not object/.test(error.message) &&
      !JSON.stringify(error).includes(secret),
  );
});

test('refuses an alarm that is unknown to this client', () => {
  const wire = Buffer.from([0x12, 2, 0x10, 9]);
  assert.throws(
    () => cold.alarm.decodeResponse(wire),
    (error: unknown) => isEtcdError(error, 'INTERNAL') && /AlarmMember.alarm.* it is 9/.test(error.message),
  );
});

test.run();
