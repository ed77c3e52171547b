// limit: 300 s
// The official etcdctl prints the same for the embedded etcd and for a real one. EMBEDDED_ETCDCTL chooses an etcdctl.
import { startEmbedded } from '@etcdts/embedded';
import { assert, startEtcd, suite } from '@etcdts/testing';
import { keepsStatus } from '../auth/limited.ts';
import { Etcdctl, findEtcdctl, type Printed } from './etcdctl.ts';

const test = suite('embedded: etcdctl', { timeoutMs: 120_000 });
const path = await findEtcdctl();

const stories: Record<string, (ctl: Etcdctl) => Promise<void>> = {
  'puts, gets and deletes': async (ctl) => {
    for (const [key, value] of ['a1', 'b2', 'c3', 'aa4'].map((pair) => [pair.slice(0, -1), pair.slice(-1)])) {
      await ctl.run(`put ${key} ${value}`);
    }
    await ctl.run('put a 5 --prev-kv');
    await ctl.run('put a --ignore-value');
    await ctl.run('put missing --ignore-value');
    await ctl.run('put x 1 --lease=123');
    await ctl.run('get a');
    await ctl.run('get a -w json');
    await ctl.run('get a -w fields');
    await ctl.run('get none');
    await ctl.run('get a --prefix --sort-by=VERSION --order=DESCEND');
    await ctl.run('get b --from-key --limit=1');
    await ctl.run('get a c --keys-only');
    await ctl.run('get a --prefix --count-only -w fields');
    await ctl.run('get a --rev=2');
    await ctl.run('get a --rev=1000');
    await ctl.run('get a --prefix --print-value-only');
    await ctl.run('del a --prefix --prev-kv');
    await ctl.run('del none');
    await ctl.run('del c -w json');
  },
  'runs transactions': async (ctl) => {
    await ctl.run('put k v');
    await ctl.run('txn', { stdin: 'value("k") = "v"\nversion("k") > "0"\n\nput k w\nget k\n\nget k\n\n' });
    await ctl.run('txn', { stdin: 'create("none") = "0"\nmod("k") < "1"\n\nput k x\n\ndel k --prev-kv\nget k\n\n' });
    await ctl.run('txn', { stdin: '\nput d 1\nput d 2\n\n\n' });
    await ctl.run('txn -w json', { stdin: '\nput d 1\n\n\n' });
  },
  'watches the past and what comes': async (ctl) => {
    await ctl.run('put w 1');
    await ctl.run('put w 2');
    await ctl.run('del w');
    await ctl.run('put w/1 3');
    await ctl.run('watch w --prefix --rev=2', { lines: 12 });
    await ctl.run('watch w --rev=2 --prev-kv', { lines: 13 });
    const watching = ctl.run('watch n -w json', { lines: 1 });
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setTimeout(resolve, 30));
    const writer = ctl.beside();
    await writer.run('put n 1');
    await watching;
    await ctl.run('compact 4');
    await ctl.run('watch w --rev=2', { lines: 1 });
    await ctl.run('get w --rev=2');
    await ctl.run('compact 4');
    await ctl.run('compaction 1000');
  },
  'grants, keeps alive and revokes leases': async (ctl) => {
    const id = /lease (\w+) granted/.exec(await ctl.run('lease grant 500'))?.[1] ?? '';
    await ctl.run(`put l 1 --lease=${id}`);
    await ctl.run(`lease timetolive ${id} --keys`);
    await ctl.run(`lease timetolive ${id} -w json`);
    await ctl.run(`lease keep-alive ${id} --once`);
    await ctl.run('lease list');
    await ctl.run('put l 2 --ignore-lease');
    await ctl.run('get l -w fields');
    await ctl.run(`lease revoke ${id}`);
    await ctl.run(`lease revoke ${id}`);
    await ctl.run(`lease timetolive ${id}`);
    await ctl.run(`lease keep-alive ${id} --once`);
    await ctl.run('lease grant 9999999999');
    await ctl.run('get l');
    await ctl.run('lock mutex echo held');
  },
  'knows its member': async (ctl) => {
    await ctl.run('member list');
    await ctl.run('member list -w json');
    await ctl.run('member remove 1234');
    await ctl.run('member promote 1234');
    await ctl.run('endpoint status');
    await ctl.run('endpoint status -w table');
    await ctl.run('endpoint health');
    await ctl.run('alarm list');
    await ctl.run('defrag');
    await ctl.run('move-leader 1234');
  },
  'manages users and roles': async (ctl) => {
    await ctl.run('user add root:secret');
    await ctl.run('user add root:secret');
    await ctl.run('user add ann:pw');
    await ctl.run('auth enable');
    await ctl.run('role add root');
    await ctl.run('role add reader');
    await ctl.run('role grant-permission reader read a c');
    await ctl.run('role grant-permission reader readwrite x --prefix');
    await ctl.run('role grant-permission reader read z --from-key');
    await ctl.run('role grant-permission none read a');
    await ctl.run('role get reader');
    await ctl.run('user grant-role ann reader');
    await ctl.run('user grant-role ann none');
    await ctl.run('user get ann --detail');
    await ctl.run('put b 1');
    await ctl.run('auth enable');
    await ctl.run('user grant-role root root');
    await ctl.run('auth enable');
    await ctl.run('get b');
    await ctl.run('get b --user ann:pw');
    await ctl.run('get b d --user ann:pw');
    await ctl.run('put b 2 --user ann:pw');
    await ctl.run('put x1 2 --user ann:pw --prev-kv');
    await ctl.run('get zz --from-key --user ann:pw');
    await ctl.run('get b --user ann:wrong');
    await ctl.run('get b --user nobody:pw');
    await ctl.run('user list --user ann:pw');
    await ctl.run('user get ann --user ann:pw');
    await ctl.run('role get reader --user ann:pw');
    await ctl.run('role get root --user ann:pw');
    await ctl.run('user list --user root:secret');
    await ctl.run('role list --user root:secret');
    await ctl.run('user delete root --user root:secret');
    await ctl.run('user revoke-role root root --user root:secret');
    await ctl.run('role revoke-permission reader a c --user root:secret');
    await ctl.run('get b --user ann:pw');
    await ctl.run('watch b --rev=1 --user ann:pw', { lines: 1 });
    await ctl.run('user passwd ann --interactive=false --user root:secret', { stdin: 'new\n' });
    await ctl.run('get x1 --user ann:new');
    await ctl.run('endpoint status --user ann:new');
    await ctl.run('role delete reader --user root:secret');
    await ctl.run('user revoke-role ann reader --user root:secret');
    await ctl.run('auth disable --user root:secret');
    await ctl.run('user delete ann');
    await ctl.run('get b');
  },
};

for (const [fact, story] of Object.entries(stories)) {
  if (path === undefined) {
    test.skip(`etcdctl ${fact}`, 'there is no etcdctl');
    continue;
  }
  test(`etcdctl ${fact} as on a real etcd`, async () => {
    await using real = await startEtcd({ timing: 'default' });
    await using embedded = await startEmbedded({ name: 'member-1' });
    const [expected, actual] = await Promise.all(
      [real, embedded].map(async ({ endpoint }) => {
        const ctl = new Etcdctl(path, endpoint);
        await story(ctl);
        return ctl.transcript.map((printed) => plain(printed, endpoint));
      }),
    );
    for (const [i, printed] of (expected as Printed[]).entries()) {
      if (printed.command.startsWith('endpoint status --user ann') && keepsStatus(real.version)) continue;
      assert.equal(actual?.[i], printed, printed.command);
    }
    assert.is(actual?.length, expected?.length);
  });
}

/** The output without the parts in which two etcds must differ: ids, times, sizes, versions. */
function plain({ command, code, stdout, stderr }: Printed, endpoint: string): Printed {
  const strip = (text: string): string =>
    text
      .replaceAll(endpoint, 'endpoint')
      // etcdctl's own log has attempts and addresses.
      .replaceAll(/^\{"level":.*\n/gm, '')
      .replaceAll(/"(cluster_id|member_id|raft_term|ID|id|lease|clusterID|memberID)":\d+/g, '"$1":0')
      .replaceAll(/"(ClusterID|MemberID|RaftTerm|Lease)" : \d+/g, '"$1" : 0')
      .replaceAll(/\b[0-9a-f]{13,16}\b/g, 'id')
      .replaceAll(/remaining\(\d+s\)|"ttl":\d+/g, 'remaining')
      .replaceAll(/took = \S+|took\W+\S+?s\b/g, 'took')
      .replaceAll(/\b\d+(\.\d+)? ?[kKMG]?B\b/g, 'size')
      .replaceAll(/\b3\.\d\.\d+\b/g, 'version')
      .replaceAll(/http:\/\/(localhost|127\.0\.0\.1):\d+/g, 'url');
  const words = strip(stdout);
  // What is left in the lines of a status are counters of the log, and rules as long as the ids above and below them.
  const counted = command.startsWith('endpoint status')
    ? words.replaceAll(/ +\d+|[-─┌┬┐├┼┤└┴┘]+|[│|+ ]+|\b\d+\b/g, ' ')
    : words;
  return { command: strip(command), code, stdout: counted, stderr: strip(stderr) };
}

test.run();
