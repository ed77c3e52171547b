import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { assert, suite } from '@etcdts/testing';

const test = suite('namespace: fields of the protos');
const protos = new URL('../../../packages/proto/etcd/', import.meta.url);

// Every field of etcd's messages that holds bytes or a lease, and how a namespace handles it. A new field of etcd's is not in this
// table, which fails the test: the namespace must handle it first.
const FIELDS: Readonly<Record<string, 'scoped' | 'checked' | 'value' | 'unreachable'>> = {
  'KeyValue.key': 'scoped',
  'KeyValue.value': 'value',
  'KeyValue.lease': 'value',
  'RangeRequest.key': 'scoped',
  'RangeRequest.range_end': 'scoped',
  'PutRequest.key': 'scoped',
  'PutRequest.value': 'value',
  'PutRequest.lease': 'checked',
  'DeleteRangeRequest.key': 'scoped',
  'DeleteRangeRequest.range_end': 'scoped',
  'Compare.key': 'scoped',
  'Compare.range_end': 'scoped',
  'Compare.value': 'value',
  'Compare.lease': 'value',
  'WatchCreateRequest.key': 'scoped',
  'WatchCreateRequest.range_end': 'scoped',
  'LeaseGrantRequest.ID': 'checked',
  'LeaseGrantResponse.ID': 'checked',
  'LeaseRevokeRequest.ID': 'checked',
  'LeaseCheckpoint.ID': 'unreachable',
  'LeaseKeepAliveRequest.ID': 'checked',
  'LeaseKeepAliveResponse.ID': 'checked',
  'LeaseTimeToLiveRequest.ID': 'checked',
  'LeaseTimeToLiveResponse.ID': 'checked',
  'LeaseTimeToLiveResponse.keys': 'scoped',
  'LeaseStatus.ID': 'checked',
  'SnapshotResponse.blob': 'unreachable',
  'Permission.key': 'unreachable',
  'Permission.range_end': 'unreachable',
  'AuthRoleRevokePermissionRequest.key': 'unreachable',
  'AuthRoleRevokePermissionRequest.range_end': 'unreachable',
  'User.name': 'unreachable',
  'User.password': 'unreachable',
  'Role.name': 'unreachable',
};

test('each one with a key, bytes or a lease is accounted for', () => {
  // Only the embedded etcd has the messages of the other files.
  const found = ['kv.proto', 'auth.proto', 'rpc.proto'].flatMap((name) =>
    fieldsOf(readFileSync(fileURLToPath(new URL(name, protos)), 'utf8')),
  );
  assert.equal(found.sort(), Object.keys(FIELDS).sort());
});

/** `Message.field` for every field of type bytes, and for every lease id. */
function fieldsOf(proto: string): string[] {
  const fields: string[] = [];
  const messages: string[] = [];
  for (const line of proto.split('\n').map((each) => each.replace(/\/\/.*/, '').trim())) {
    const opened = /^(?:message|enum|oneof|service|rpc) (\w+).*\{$/.exec(line);
    // A oneof's fields are its message's.
    if (opened !== null)
      messages.push(line.startsWith('message') ? (opened[1] as string) : (messages.at(-1) as string));
    else if (line.endsWith('{')) messages.push(messages.at(-1) as string);
    if (line.startsWith('}')) messages.pop();
    const field = /^(?:repeated )?(bytes|int64) (\w+) = \d+/.exec(line);
    const [, type, name = ''] = field ?? [];
    const message = messages.at(-1) ?? '';
    const leaseId = type === 'int64' && (name === 'lease' || (name === 'ID' && message.startsWith('Lease')));
    if (type === 'bytes' || leaseId) fields.push(`${message}.${name}`);
  }
  return fields;
}

test.run();
