// What a hostile etcd says: messages that are right in form and wrong in content, or wrong in form. Lies about streams are here, too.
import type { Dice } from './dice.ts';
import { rpcOf } from './protocol.ts';

/** An object for proto-loader. */
type Message = Record<string, unknown>;

const INTEGERS = [
  '0',
  '1',
  '2',
  '-1',
  '7',
  '1000',
  '4294967296',
  '9223372036854775807',
  '-9223372036854775808',
] as const;

const encode = (name: string, message: Message): Buffer => Buffer.from(rpcOf(name).responseSerialize(message as never));

function header(dice: Dice): Message | undefined {
  if (dice.chance(5)) return undefined;
  return {
    clusterId: dice.pick(['1', '1', '1', '2', '0']),
    memberId: dice.pick(['1', '2', '18446744073709551615']),
    revision: dice.chance(80) ? String(1 + dice.below(1_000)) : dice.pick(INTEGERS),
    raftTerm: dice.pick(INTEGERS.slice(0, 3)),
  };
}

function kv(dice: Dice): Message {
  return {
    key: dice.pick([Buffer.from('k'), Buffer.from('k/1'), Buffer.from('another'), Buffer.alloc(0), dice.bytes(40)]),
    value: dice.pick([Buffer.from('v'), Buffer.alloc(0), Buffer.alloc(3_000, 'x')]),
    createRevision: dice.pick(INTEGERS),
    modRevision: dice.chance(80) ? String(1 + dice.below(1_000)) : dice.pick(INTEGERS),
    version: dice.pick(INTEGERS),
    lease: dice.pick(INTEGERS),
  };
}

const many = <T>(dice: Dice, most: number, one: () => T): T[] => Array.from({ length: dice.below(most) }, one);

function event(dice: Dice): Message {
  return {
    type: dice.pick(['PUT', 'DELETE', 'PUT', 2, -1]),
    ...(dice.chance(95) && { kv: kv(dice) }),
    ...(dice.chance(20) && { prevKv: kv(dice) }),
  };
}

/** A response of one operation in a transaction, often of another kind than was asked for. */
function inner(dice: Dice, depth: number): Message {
  const kind = dice.below(depth > 0 ? 5 : 4);
  if (kind === 0)
    return { responseRange: { header: header(dice), kvs: many(dice, 4, () => kv(dice)), count: dice.pick(INTEGERS) } };
  if (kind === 1) return { responsePut: { ...(dice.chance(50) && { prevKv: kv(dice) }) } };
  if (kind === 2)
    return { responseDeleteRange: { deleted: dice.pick(INTEGERS), prevKvs: many(dice, 3, () => kv(dice)) } };
  if (kind === 3) return {};
  return { responseTxn: { succeeded: dice.chance(50), responses: many(dice, 4, () => inner(dice, depth - 1)) } };
}

/** The answers to unary calls, by name. */
export const ANSWERS: Readonly<Record<string, (dice: Dice) => Buffer>> = {
  'KV.Range': (dice) =>
    encode('KV.Range', {
      header: header(dice),
      kvs: many(dice, 20, () => kv(dice)),
      more: dice.chance(30),
      count: dice.pick(INTEGERS),
    }),
  'KV.Put': (dice) => encode('KV.Put', { header: header(dice), ...(dice.chance(30) && { prevKv: kv(dice) }) }),
  'KV.DeleteRange': (dice) =>
    encode('KV.DeleteRange', {
      header: header(dice),
      deleted: dice.pick(INTEGERS),
      prevKvs: many(dice, 5, () => kv(dice)),
    }),
  'KV.Txn': (dice) =>
    encode('KV.Txn', {
      header: header(dice),
      succeeded: dice.chance(50),
      responses: many(dice, 5, () => inner(dice, 8)),
    }),
  'Lease.LeaseGrant': (dice) =>
    encode('Lease.LeaseGrant', { header: header(dice), ID: dice.pick(INTEGERS), TTL: dice.pick(INTEGERS) }),
  'Maintenance.Status': (dice) =>
    encode('Maintenance.Status', {
      header: header(dice),
      version: dice.pick(['3.5.16', '', '\u0000', 'x'.repeat(10_000)]),
      leader: dice.pick(INTEGERS),
    }),
  'Cluster.MemberList': (dice) =>
    encode('Cluster.MemberList', {
      header: header(dice),
      members: many(dice, 4, () => ({ ID: dice.pick(INTEGERS), name: '\u001b[31m', clientURLs: ['not a url', ''] })),
    }),
};

/** A message of a watch stream: of a watch that there is, or is not, at any time. `asked` is how many watches were requested. */
export function watchLie(dice: Dice, asked: number): Buffer {
  const watchId = dice.chance(80) ? String(dice.below(Math.max(1, asked))) : dice.pick(INTEGERS);
  const events = many(dice, dice.pick([1, 3, 30]), () => event(dice));
  const right = dice.chance(50);
  return encode('Watch.Watch', {
    header: header(dice),
    watchId,
    created: dice.chance(15),
    canceled: dice.chance(right ? 3 : 15),
    ...(dice.chance(5) && { compactRevision: dice.pick(INTEGERS) }),
    ...(dice.chance(5) && { cancelReason: 'no\r\n\u001b[2Jreason'.repeat(dice.pick([1, 1_000])) }),
    fragment: dice.chance(20),
    events: right ? events.sort((a, b) => revisionOf(a) - revisionOf(b)) : events,
  });
}

function revisionOf({ kv: one }: Message): number {
  return Number((one as Message | undefined)?.['modRevision'] ?? 0);
}

/** The answer to a renewal: of this lease or another one. */
export function renewalLie(dice: Dice, id: string): Buffer {
  return encode('Lease.LeaseKeepAlive', {
    header: header(dice),
    ID: dice.chance(70) ? id : dice.pick(INTEGERS),
    TTL: dice.chance(60) ? '30' : dice.pick(INTEGERS),
  });
}

export function snapshotLie(dice: Dice): Buffer {
  return encode('Maintenance.Snapshot', {
    header: header(dice),
    remainingBytes: dice.pick(INTEGERS),
    blob: dice.bytes(dice.below(2_000)),
  });
}

/** Bytes of a message, with what a parser must survive: cut off, changed, doubled, fields of other types, sizes that are lies. */
export function mutated(dice: Dice, bytes: Buffer): Buffer {
  switch (dice.below(8)) {
    case 0:
      return bytes.subarray(0, dice.below(bytes.length + 1));
    case 1:
      return Buffer.concat([bytes, dice.bytes(1 + dice.below(20))]);
    case 2:
      return Buffer.concat([bytes, bytes]);
    case 3:
      // A field with a wire type that there is not, or one of a group.
      return Buffer.concat([bytes, Buffer.from([(1 + dice.below(15)) * 8 + dice.pick([3, 4, 6, 7])]), dice.bytes(4)]);
    case 4:
      // A length far beyond the end; a varint that does not end.
      return Buffer.concat([
        bytes,
        Buffer.from([0x0a, ...dice.pick([[0xff, 0xff, 0xff, 0xff, 0x0f], Array(12).fill(0xff)])]),
      ]);
    case 5:
      return nested(10 + dice.below(3_000));
    default: {
      const changed = Buffer.from(bytes);
      for (let left = 1 + dice.below(4); left > 0 && changed.length > 0; left--) {
        changed[dice.below(changed.length)] = dice.below(256);
      }
      return changed;
    }
  }
}

/** Transactions within transactions: `responses` of a `response_txn` of a `responses`. */
function nested(depth: number): Buffer {
  let bytes: Buffer = Buffer.alloc(0);
  for (let i = 0; i < depth && bytes.length < 60_000; i++) bytes = field(0x1a, field(0x22, bytes));
  return bytes;
}

function field(tag: number, content: Buffer): Buffer {
  const size: number[] = [];
  let left = content.length;
  do {
    size.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
    left >>>= 7;
  } while (left > 0);
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
