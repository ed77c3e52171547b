import { assert, rejects, suite } from '@etcdts/testing';
import type { CallOptions } from '../call.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { ClusterFacade } from './cluster.ts';
import { toPeerUrls } from './peer-urls.ts';

interface Sent {
  readonly path: string;
  readonly request: unknown;
  readonly options: CallOptions;
}

function recorder(): { readonly sent: Sent[]; readonly cluster: ClusterFacade } {
  const sent: Sent[] = [];
  const pipeline = {
    unary: async (method: { path: string }, request: unknown, options: CallOptions) => {
      sent.push({ path: method.path.replace('/etcdserverpb.Cluster/', ''), request, options });
      return { members: [] };
    },
  };
  return { sent, cluster: new ClusterFacade(pipeline as unknown as Pipeline) };
}

const test = suite('cluster');

test('C-01 memberList is linearizable without the option serializable', async () => {
  const { sent, cluster } = recorder();
  await cluster.memberList();
  await cluster.memberList({ serializable: true, timeoutMs: 7 });
  await cluster.memberList({ serializable: false });
  assert.equal(
    sent.map((each) => each.request),
    [{ linearizable: true }, { linearizable: false }, { linearizable: true }],
  );
  assert.is(sent[1]?.options.timeoutMs, 7);
});

test('every change becomes its own RPC, with the caller’s options', async () => {
  const { sent, cluster } = recorder();
  const options: CallOptions = { timeoutMs: 5 };
  const peerUrls = ['http://127.0.0.1:2380'];
  await cluster.memberAdd(peerUrls, options);
  await cluster.memberAddAsLearner(peerUrls, options);
  await cluster.memberRemove(3, options);
  await cluster.memberUpdate(2n ** 64n - 1n, peerUrls, options);
  await cluster.memberPromote(5n, options);
  assert.equal(sent, [
    { path: 'MemberAdd', request: { peerUrls, isLearner: false }, options },
    { path: 'MemberAdd', request: { peerUrls, isLearner: true }, options },
    { path: 'MemberRemove', request: { id: 3n }, options },
    { path: 'MemberUpdate', request: { id: 2n ** 64n - 1n, peerUrls }, options },
    { path: 'MemberPromote', request: { id: 5n }, options },
  ]);
});

test('peer URLs are copied before the call returns', async () => {
  const { sent, cluster } = recorder();
  const peerUrls = ['http://127.0.0.1:2380'];
  const added = cluster.memberAdd(peerUrls);
  peerUrls[0] = 'http://elsewhere:1';
  await added;
  assert.equal(sent[0]?.request, { peerUrls: ['http://127.0.0.1:2380'], isLearner: false });
});

test('C-03 an id that no member can have is refused before anything is sent', async () => {
  const { sent, cluster } = recorder();
  const refused = { code: 'INVALID_ARGUMENT', argument: 'id', attempts: 0, outcome: 'not-applied' };
  for (const id of [0, 0n, -1, 1.5, 2n ** 64n, 2 ** 53]) {
    await rejects(cluster.memberRemove(id), refused);
    await rejects(cluster.memberPromote(id), refused);
    await rejects(cluster.memberUpdate(id, ['http://127.0.0.1:2380']), refused);
  }
  assert.is(sent.length, 0);
});

test('C-02 bad peer URLs are refused before anything is sent', async () => {
  const { sent, cluster } = recorder();
  const refused = { code: 'INVALID_ARGUMENT', argument: 'peerUrls', message: /peerUrls/ };
  for (const urls of [[], ['localhost:2380'], ['http://127.0.0.1:2380', 'http://127.0.0.1:2380/path']]) {
    await rejects(cluster.memberAdd(urls), refused);
    await rejects(cluster.memberAddAsLearner(urls), refused);
    await rejects(cluster.memberUpdate(1n, urls), refused);
  }
  assert.is(sent.length, 0);
});

const bad: readonly [urls: unknown, said: RegExp][] = [
  [[], /must hold at least one URL/],
  ['http://127.0.0.1:2380', /must be an array of URLs, not a string/],
  [[7], /entry 0 must be a string, not a number/],
  [['mailto:a@b'], /entry 0 must begin with http/],
  [['127.0.0.1:2380'], /entry 0 must begin with http/],
  [[' http://127.0.0.1:2380'], /entry 0 must begin with http/],
  [['http://a:1', 'ftp://a:1'], /entry 1 must begin with http/],
  [['http://127.0.0.1'], /form scheme:\/\/host:port/],
  [['http://:2380'], /form scheme:\/\/host:port/],
  [['http://host:port'], /form scheme:\/\/host:port/],
  [['https://[::1]'], /form scheme:\/\/host:port/],
  [['https://::1:2380'], /form scheme:\/\/host:port/],
  [['http:127.0.0.1:2380'], /form scheme:\/\/host:port/],
  [['http://a:1?x=1'], /form scheme:\/\/host:port/],
  [['http://a:1/'], /has no path/],
  [['https://a:1/members'], /has no path/],
  [['http://a:0'], /between 1 and 65535/],
  [['http://a:65536'], /between 1 and 65535/],
  [['unix:'], /must name a socket/],
  [['unixs://'], /must name a socket/],
];
for (const [urls, said] of bad) {
  test(`C-02 names what is wrong with ${JSON.stringify(urls)}`, () => {
    assert.throws(() => toPeerUrls(urls as string[], 'peerUrls'), said);
  });
}

test('C-02 takes every form that etcd takes', () => {
  const urls = [
    'http://a:1',
    'HTTPS://b_c.d-e:65535',
    'http://[::1]:2380',
    'unix://m0:1',
    'unixs:///run/x',
    'unix:/run/x',
  ];
  assert.equal(toPeerUrls(urls, 'peerUrls'), urls);
});

test('a password in a refused URL does not reach the error', () => {
  const urls = ['http://root:secret@127.0.0.1:2380'];
  assert.throws(
    () => toPeerUrls(urls, 'peerUrls'),
    (error: Error) => !error.message.includes('secret'),
  );
});

test.run();
