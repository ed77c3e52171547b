import type { EtcdOperations } from '@etcdts/core';
import { assert, settle, suite } from '@etcdts/testing';
import { Members } from './members.ts';

const test = suite('members whose bookmarks count');

/** A client of members with these versions, by their ids from 1 on. */
function client(versions: readonly string[]): { readonly operations: EtcdOperations; looks: number } {
  const counted = {
    looks: 0,
    operations: {
      endpoints: versions.map((_, i) => String(i + 1)),
      maintenance: {
        status: async (endpoint: string) => {
          counted.looks += 1;
          const version = versions[Number(endpoint) - 1];
          if (version === '') throw new Error('it is down');
          return { header: { memberId: BigInt(endpoint) }, version };
        },
      },
    } as unknown as EtcdOperations,
  };
  return counted;
}

test('CC-05 bookmarks count from etcd 3.4.25, 3.5.8 and 3.6 on, once the version of their member is known', async () => {
  const versions = {
    '3.4.24': false,
    '3.4.25': true,
    '3.5.7': false,
    '3.5.8': true,
    '3.5.16': true,
    '3.6.0-rc.1': true,
    '3.3.27': false,
    '4.0.0': true,
  };
  const members = new Members(client(Object.keys(versions)).operations, undefined);
  assert.not.ok(members.isRight(4n));
  await settle();
  const right = Object.keys(versions).map((_, i) => members.isRight(BigInt(i + 1)));
  assert.equal(right, Object.values(versions));
  assert.not.ok(members.isRight(99n), 'a member that was not looked up');
});

test('CC-05 a member that was down is looked up again; what the application states is not looked up', async () => {
  const versions = ['3.5.16', ''];
  const counted = client(versions);
  const members = new Members(counted.operations, undefined);
  await members.learn();
  assert.equal([members.isRight(1n), members.isRight(2n)], [true, false]);
  versions[1] = '3.5.16';
  await settle();
  members.isRight(2n);
  await settle();
  assert.ok(members.isRight(2n));
  const before = counted.looks;
  assert.ok(new Members(counted.operations, true).isRight(7n));
  assert.not.ok(new Members(counted.operations, false).isRight(1n));
  assert.not.ok(new Members({} as EtcdOperations, undefined).isRight(1n), 'a wrapped client cannot read versions');
  assert.is(counted.looks, before);
});

test.run();
