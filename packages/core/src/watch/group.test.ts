import { assert, deferred, rejects, suite } from '@etcdts/testing';
import { EtcdError } from '../errors.ts';
import type { EtcdErrorCode } from '../error-codes.ts';
import { FakeEtcd, failure, header, settle, UNAVAILABLE, type FakeStream } from './fakes.test.kit.ts';

const test = suite('watch resume');

/** Where the watches of a stream were asked to start, in order. */
const starts = (stream: FakeStream): readonly number[] =>
  stream.creates.map(({ startRevision }) => Number(startRevision));
const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code;

// ---- where it resumes -----------------------------------------------------------------------------------------------

test('W-20 B-03 H16: a watch from now resumes behind its creation', async () => {
  const etcd = new FakeEtcd();
  await etcd.live(100);
  assert.equal(starts(await etcd.lose()), [101]);
});

test('a watch from now that was never created starts at now again', async () => {
  const etcd = new FakeEtcd();
  etcd.watch();
  assert.equal(starts(await etcd.lose()), [0]);
});

test('peers 2.4a: neither created nor the header of a batch moves a watch that catches up', async () => {
  const etcd = new FakeEtcd();
  const reading = (await etcd.live(3_001, { startRevision: 1n })).read();
  assert.equal(starts(await etcd.lose()), [1]);
  etcd.current.created(1, 3_001);
  etcd.current.events(1, [1, 2, 3], { rev: 3_001 });
  assert.equal(starts(await etcd.lose()), [4]);
  etcd.current.created(1, 3_001);
  etcd.current.events(1, [4, 5], { rev: 3_001 });
  assert.equal(starts(await etcd.lose()), [6]);
  assert.equal(reading.revisions, [
    [1, 2, 3],
    [4, 5],
  ]);
});

test('V-06 W-24 H18: server-sent progress moves a watch, requested progress does not', async () => {
  const etcd = new FakeEtcd();
  const reading = (await etcd.live(100)).read();
  await etcd.hub.requestProgress({});
  etcd.current.progress(-1, 150);
  assert.equal(starts(await etcd.lose()), [101]);
  assert.equal(
    reading.responses.map(({ header }) => header.revision),
    [150n],
  );
  etcd.current.created(1, 150);
  etcd.current.progress(1, 150);
  assert.equal(starts(await etcd.lose()), [151]);
});

test('H18: a watch from a future revision is moved by neither created nor progress', async () => {
  const etcd = new FakeEtcd();
  const reading = (await etcd.live(100, { startRevision: 500n })).read();
  await etcd.hub.requestProgress({});
  etcd.current.progress(1, 120);
  etcd.current.progress(-1, 130);
  assert.equal(starts(await etcd.lose()), [500]);
  etcd.current.created(1, 140);
  etcd.current.events(1, [499, 500]);
  await settle();
  assert.equal(reading.revisions, [[500]]);
  assert.is(etcd.ranges.length, 0, 'a store below a future revision is no reset');
});

test('H17: a reset in the middle of fragments delivers nothing of them, and all of them once', async () => {
  const etcd = new FakeEtcd();
  const reading = (await etcd.live(100, { fragment: true })).read();
  etcd.current.events(1, [101, 102], { fragment: true });
  etcd.current.events(1, [102], { fragment: true });
  assert.equal(starts(await etcd.lose()), [101]);
  etcd.current.created(1, 110);
  etcd.current.events(1, [101, 102], { fragment: true });
  etcd.current.events(1, [102, 102, 103]);
  await settle();
  assert.equal(reading.revisions, [[101, 102, 102, 102, 103]]);
});

test('W-25: what is undelivered is kept over a lost stream; the order of creation is, too', async () => {
  const etcd = new FakeEtcd();
  const [a, , c] = [await etcd.live(100), await etcd.live(200), await etcd.live(300)];
  etcd.current.events(1, [101]);
  const next = await etcd.lose();
  etcd.current.created(1);
  assert.equal(starts(next), [102, 201, 301]);
  etcd.current.events(1, [102]);
  a.read();
  await settle();
  assert.equal(a.revisions, [[101], [102]]);
  void c;
});

test('events that were delivered before are dropped, the others of their message are not', async () => {
  const etcd = new FakeEtcd();
  const reading = (await etcd.live(100)).read();
  etcd.current.events(1, [99, 100, 101]);
  etcd.current.events(1, [100, 101]);
  etcd.current.events(1, [101, 102, 102]);
  etcd.current.events(1, [99, 100]);
  await settle();
  assert.equal(reading.revisions, [[101], [102, 102]]);
  assert.is(reading.responses.length, 2);
  assert.equal(starts(await etcd.lose()), [103], 'a revision never moves back');
});

test('B-03 etcd 3.8: events that the created header already covers are not those of a watch from now', async () => {
  const etcd = new FakeEtcd();
  const reading = (await etcd.live(105)).read();
  etcd.current.events(1, [104, 105]);
  etcd.current.events(1, [106]);
  await settle();
  assert.equal(reading.revisions, [[106]]);
});

test('a created header without a revision, as a proxy makes it up, starts no replay', async () => {
  const etcd = new FakeEtcd();
  const reading = etcd.watch().read();
  etcd.current.say({ created: true, watchId: 0, header: header(0, 0n) });
  assert.equal(starts(await etcd.lose()), [0]);
  etcd.current.say({ created: true, watchId: 0, header: header(0, 0n) });
  etcd.current.events(0, [50]);
  assert.equal(starts(await etcd.lose()), [51]);
  etcd.current.say({ created: true, watchId: 0, header: header(60, 9n) });
  await settle();
  assert.is(reading.state, 'open');
});

test('GP-01 nor does one that a proxy makes up for a later registration: an idle cluster is not taken for another one', async () => {
  const etcd = new FakeEtcd();
  etcd.revision = () => Promise.resolve(100);
  const reading = (await etcd.live(100)).read();
  await etcd.lose();
  // The start that was asked for, which is one more than the store has.
  etcd.current.say({ created: true, watchId: 1, header: header(101, 0n) });
  await etcd.lose();
  etcd.current.created(1, 100);
  await etcd.clock.advance(5_000);
  assert.is(reading.state, 'open');
  assert.is(etcd.ranges.length, 0, 'nothing is suspected');
  etcd.current.events(1, [101]);
  await settle();
  assert.equal(reading.revisions, [[101]]);
});

test('a header that a proxy makes up proves nothing about the store', async () => {
  const etcd = new FakeEtcd();
  const reading = etcd.watch({ startRevision: 500n, progressNotify: true }).read();
  etcd.current.say({ created: true, watchId: 0, header: header(500, 0n) });
  etcd.current.progress(0, 0);
  await etcd.lose();
  etcd.current.created(1, 100);
  await settle();
  assert.equal([etcd.ranges.length, reading.responses.length], [0, 0]);
});

// ---- what ends, what resumes ----------------------------------------------------------------------------------------

const RESUMED: readonly EtcdErrorCode[] = [
  'UNAVAILABLE',
  'INTERNAL',
  'UNKNOWN',
  'CANCELLED',
  'WATCH_CANCELED',
  'DEADLINE_EXCEEDED',
  'ABORTED',
  'NO_LEADER',
  'STOPPED',
  'NOT_SUPPORTED_FOR_LEARNER',
  'RESOURCE_EXHAUSTED',
];
for (const code of RESUMED) {
  test(`W-26: a stream that ends with ${code} is resumed`, async () => {
    const etcd = new FakeEtcd();
    const reading = (await etcd.live()).read();
    assert.equal(starts(await etcd.lose(failure(code))), [101]);
    assert.is(reading.state, 'open');
  });
}

test('W-26: a stream that the server ends well is resumed', async () => {
  const etcd = new FakeEtcd();
  await etcd.live();
  etcd.current.finish();
  await etcd.clock.advance(2_000);
  assert.equal(starts(etcd.current), [101]);
});

for (const code of ['UNIMPLEMENTED', 'PERMISSION_DENIED', 'INVALID_ARGUMENT', 'AUTH_FAILED'] as const) {
  test(`W-27: a stream that ends with ${code} ends its watches, after their events`, async () => {
    const etcd = new FakeEtcd();
    const [a, b] = [await etcd.live(), etcd.watch().read()];
    etcd.current.events(1, [101]);
    await etcd.lose(failure(code));
    a.read();
    await settle();
    assert.equal([codeOf(a.error), codeOf(b.error)], [code, code]);
    assert.equal(a.revisions, [[101]]);
    await rejects(b.watch.created, { code });
    assert.is(etcd.streams.length, 1);
    assert.is(etcd.clock.timers.size, 0);
  });
}

test('H13: TLS that never worked fails a watch; where it has worked before, the watch goes on', async () => {
  const tls = failure('TLS_FAILED', 'self-signed certificate');
  const etcd = new FakeEtcd();
  etcd.down = tls;
  const first = etcd.watch().read();
  await settle();
  assert.is(first.error, tls);
  etcd.down = undefined;
  const second = (await etcd.live()).read();
  await etcd.lose(tls);
  await settle();
  assert.is(second.state, 'open');
  assert.is(etcd.streams.length, 3);
});

test('what an interceptor throws fails a first watch and interrupts a later one', async () => {
  const etcd = new FakeEtcd();
  etcd.down = new TypeError('a mistake');
  const first = etcd.watch().read();
  await settle();
  assert.instance(first.error, TypeError);
  etcd.down = undefined;
  const second = (await etcd.live()).read();
  await etcd.lose(new TypeError('a passing failure'));
  assert.is(second.state, 'open');
});

for (const code of ['NOT_SUPPORTED_FOR_LEARNER', 'NOT_CAPABLE'] as const) {
  test(`a watch that is pinned to a member that answers ${code} ends with that, after a few tries`, async () => {
    const etcd = new FakeEtcd();
    etcd.down = failure(code);
    const reading = etcd.watch({}, { endpoint: 'http://learner:1' }).read();
    await etcd.clock.advance(60_000);
    assert.equal([reading.state, codeOf(reading.error), etcd.streams.length], ['failed', code, 4]);
    await rejects(reading.watch.created, { code });
    assert.is(etcd.clock.timers.size, 0);
  });

  test(`so does a watch that no member has registered: others may serve it, but not for ever ${code}`, async () => {
    const etcd = new FakeEtcd();
    etcd.down = failure(code);
    const reading = etcd.watch().read();
    await etcd.clock.advance(1_000);
    assert.is(reading.state, 'open');
    await etcd.clock.advance(60_000);
    assert.equal([reading.state, codeOf(reading.error), etcd.streams.length], ['failed', code, 11]);
  });

  test(`one that was registered before outlives ${code}: the members that served it may come back`, async () => {
    const etcd = new FakeEtcd();
    const reading = (await etcd.live()).read();
    etcd.down = failure(code);
    await etcd.lose(etcd.down);
    await etcd.clock.advance(60_000);
    assert.is(reading.state, 'open');
    etcd.down = undefined;
    await etcd.clock.advance(1_000);
    etcd.current.created(1);
    etcd.current.events(1, [101]);
    await settle();
    assert.equal(reading.revisions, [[101]]);
  });
}

test('a pinned watch that is refused so now and then goes on', async () => {
  const etcd = new FakeEtcd();
  const reading = (await etcd.live(100, {}, { endpoint: 'http://a:1' })).read();
  for (let round = 0; round < 5; round++) {
    await etcd.lose(failure('NOT_CAPABLE'));
    etcd.current.created(1);
    await settle();
  }
  assert.is(reading.state, 'open');
});

test('H22: no leader moves the watch, for ever', async () => {
  const etcd = new FakeEtcd();
  const reading = (await etcd.live()).read();
  etcd.down = failure('NO_LEADER');
  await etcd.lose(etcd.down);
  await etcd.clock.advance(60_000);
  assert.ok(etcd.streams.length > 50);
  etcd.down = undefined;
  await etcd.clock.advance(1_000);
  etcd.current.created(1);
  etcd.current.events(1, [101]);
  await settle();
  assert.equal(reading.revisions, [[101]]);
});

test('H22: no leader as the reason of one cancel moves that watch too', async () => {
  const etcd = new FakeEtcd();
  const [a, b] = [(await etcd.live()).read(), (await etcd.live()).read()];
  etcd.current.say({ watchId: 2, canceled: true, cancelReason: 'etcdserver: no leader' });
  await etcd.clock.advance(1_000);
  assert.is(etcd.streams.length, 2);
  assert.equal(starts(etcd.current), [101]);
  assert.equal([a.state, b.state], ['open', 'open']);
});

// ---- how soon -------------------------------------------------------------------------------------------------------

test('W-28: a retry waits up to 10 ms, doubling to a second', async () => {
  const etcd = new FakeEtcd();
  etcd.watch();
  etcd.down = UNAVAILABLE;
  etcd.current.fail(UNAVAILABLE);
  const waits: number[] = [];
  for (let i = 0; i < 9; i++) {
    await settle();
    const [timer, ...others] = etcd.clock.timers;
    assert.is(others.length, 0);
    assert.is(timer?.hold, true, 'the process stays for its watches');
    waits.push(timer!.at - etcd.clock.now());
    await etcd.clock.advance(timer!.at - etcd.clock.now());
  }
  assert.equal(waits, [10, 20, 40, 80, 160, 320, 640, 1_000, 1_000]);
  etcd.jitter = 0.5;
  await etcd.clock.advance(1_000);
  const [timer] = etcd.clock.timers;
  assert.ok(timer!.at - etcd.clock.now() <= 500, 'full jitter');
});

test('progress makes the next retry a first one; being created again and lost does not', async () => {
  const etcd = new FakeEtcd();
  const wait = async (): Promise<number> => {
    etcd.current.fail(UNAVAILABLE);
    await settle();
    const [timer] = etcd.clock.timers;
    const ms = timer!.at - etcd.clock.now();
    await etcd.clock.advance(ms);
    return ms;
  };
  await etcd.live();
  const waits = [await wait()];
  for (let i = 0; i < 3; i++) {
    etcd.current.created(1);
    await etcd.clock.advance(200);
    waits.push(await wait());
  }
  etcd.current.created(1);
  etcd.current.events(1, [101]);
  await etcd.clock.advance(100);
  waits.push(await wait());
  etcd.current.created(1);
  etcd.current.events(1, [102]);
  waits.push(await wait());
  etcd.current.created(1);
  await etcd.clock.advance(6_000);
  waits.push(await wait());
  assert.equal(waits, [10, 20, 40, 80, 10, 20, 10]);
});

test('a response that is too large is requested in fragments, and fails its watch when that does not help', async () => {
  const etcd = new FakeEtcd();
  const tooLarge = failure('RESPONSE_TOO_LARGE');
  const reading = etcd.watch({ startRevision: 1n }).read();
  assert.is(etcd.current.creates[0]?.fragment, false);
  etcd.current.created(1);
  for (let i = 0; i < 3; i++) {
    await etcd.lose(tooLarge);
    assert.is(etcd.current.creates[0]?.fragment, true);
    etcd.current.created(1);
  }
  etcd.current.events(1, [1, 2]);
  for (let i = 0; i < 3; i++) {
    assert.equal(starts(await etcd.lose(tooLarge)), [3]);
    etcd.current.created(1);
  }
  await etcd.lose(tooLarge);
  assert.is(reading.error, tooLarge);
});

test('H11: streams that live for a while before a response is too large are resumed for ever, in fragments', async () => {
  const etcd = new FakeEtcd();
  const reading = (await etcd.live()).read();
  for (let i = 0; i < 10; i++) {
    await etcd.clock.advance(6_000);
    await etcd.lose(failure('RESPONSE_TOO_LARGE'));
    assert.is(etcd.current.creates[0]?.fragment, true);
    etcd.current.created(1);
  }
  assert.is(reading.state, 'open');
});

// ---- tokens ---------------------------------------------------------------------------------------------------------

const STALE = 'rpc error: code = Unauthenticated desc = etcdserver: invalid auth token';

test('H25: a refused token renews it and moves the watch to a new stream; the others follow when it works', async () => {
  const etcd = new FakeEtcd();
  const renewing = deferred<number>();
  etcd.revision = () => renewing.promise;
  const old = (await etcd.live(100)).read();
  const fresh = etcd.watch({ key: Buffer.from('fresh') }).read();
  etcd.current.refused(STALE);
  await etcd.clock.advance(10);
  assert.is(etcd.streams.length, 1, 'a unary call first: all interceptors see its refusal');
  assert.equal(
    etcd.ranges.map(({ request }) => [String(request.key), request.serializable, request.countOnly]),
    [['fresh', true, true]],
  );
  assert.is(etcd.ranges[0]?.options.timeoutMs, 5_000);
  const late = etcd.watch().read();
  etcd.current.events(1, [101]);
  await settle();
  assert.equal(old.revisions, [[101]], 'watches of the old stream go on meanwhile');
  renewing.resolve(100);
  await settle();
  assert.is(etcd.streams.length, 2);
  await etcd.hub.requestProgress({});
  const asked = (): number[] => etcd.streams.map(({ sent }) => sent.filter(({ type }) => type === 'progress').length);
  assert.equal(asked(), [1, 0], 'on the new one behind its creations');
  assert.is(etcd.streams[0]?.state, 'open');
  etcd.current.created(1, 101);
  assert.equal(asked(), [1, 1]);
  assert.is(etcd.streams[0]?.state, 'cancelled');
  assert.equal(starts(etcd.current), [0, 0, 102]);
  etcd.current.created(2, 101);
  etcd.current.created(3, 101);
  etcd.streams[0]?.say({ watchId: 1, canceled: true, compactRevision: 5n });
  for (const id of [1, 2, 3]) etcd.current.events(id, [102]);
  await settle();
  assert.equal(
    [old, fresh, late].map(({ revisions }) => revisions),
    [[[101], [102]], [[102]], [[102]]],
  );
  assert.is(etcd.hub.stats().streams, 1);
});

test('H25: what leaves the outdated stream joins the current one: refused later, or cut off', async () => {
  const etcd = new FakeEtcd();
  await etcd.live(100);
  etcd.watch();
  etcd.watch();
  const [old] = etcd.streams as [FakeStream];
  old.refused(STALE);
  await etcd.clock.advance(10);
  assert.equal(starts(etcd.current), [0]);
  old.refused(STALE);
  old.fail(UNAVAILABLE);
  await settle();
  etcd.current.created(1, 101);
  assert.equal(starts(etcd.current), [0, 0, 101]);
  assert.is(etcd.streams.length, 2);
  assert.is(etcd.ranges.length, 1);
});

test('W-37 H25: a watch that cannot get a good token fails after three renewals; the others stay', async () => {
  const etcd = new FakeEtcd();
  etcd.revision = () => Promise.reject(failure('INVALID_AUTH_TOKEN'));
  const old = (await etcd.live()).read();
  const fresh = etcd.watch().read();
  const opened: FakeStream[] = [];
  etcd.current.refused(STALE);
  for (let i = 0; i < 3; i++) {
    await etcd.clock.advance(2_000);
    opened.push(etcd.current);
    assert.is(fresh.state, 'open');
    etcd.current.refused(STALE);
  }
  await etcd.clock.advance(10_000);
  assert.is(codeOf(fresh.error), 'INVALID_AUTH_TOKEN');
  assert.is(etcd.streams.length, 4);
  assert.equal(
    opened.map(({ state }) => state),
    ['cancelled', 'cancelled', 'cancelled'],
  );
  etcd.streams[0]?.events(1, [101]);
  await settle();
  assert.equal(old.revisions, [[101]]);
  const another = await etcd.live();
  assert.is(etcd.streams.length, 5, 'the old stream gets no new watches');
  assert.is(etcd.streams[0]?.state, 'cancelled', 'and is left when a token works again');
  void another;
});

for (const code of ['UNAUTHENTICATED', 'INVALID_AUTH_TOKEN', 'AUTH_OLD_REVISION', 'USER_EMPTY'] as const) {
  test(`A-08: a stream that ends with ${code} is resumed with a new token, three times in a row at most`, async () => {
    const etcd = new FakeEtcd();
    const refused = failure(code);
    const reading = (await etcd.live()).read();
    await etcd.lose(refused);
    assert.is(etcd.ranges.length, 1);
    etcd.current.created(1);
    etcd.down = refused;
    await etcd.lose(refused);
    await etcd.clock.advance(10_000);
    assert.is(reading.error, refused);
    assert.is(etcd.streams.length, 5);
    assert.is(etcd.ranges.length, 4, 'success in between starts the count anew');
  });
}

test('watches not yet sent leave the stream whose token is refused', async () => {
  const etcd = new FakeEtcd();
  for (let i = 0; i < 50; i++) etcd.watch();
  etcd.current.refused(STALE);
  await etcd.clock.advance(10);
  assert.is(etcd.streams[0]?.creates.length, 1);
  assert.is(etcd.streams[0]?.state, 'cancelled');
  etcd.current.created(1);
  assert.is(etcd.current.creates.length, 50);
});

// ---- another cluster ------------------------------------------------------------------------------------------------

test('H20: another cluster id ends the watch with CLUSTER_RESET', async () => {
  const etcd = new FakeEtcd();
  const reading = (await etcd.live()).read();
  await etcd.lose();
  etcd.current.say({ created: true, watchId: 1, header: header(500, 8n) });
  await settle();
  assert.is(codeOf(reading.error), 'CLUSTER_RESET');
  assert.is(etcd.current.state, 'cancelled');
});

test('H20: a store behind what was seen is settled by one linearizable read: reset', async () => {
  const etcd = new FakeEtcd();
  etcd.revision = () => Promise.resolve(3);
  const readings = [(await etcd.live()).read(), (await etcd.live()).read(), (await etcd.live(2)).read()];
  await etcd.lose();
  for (const id of [1, 2, 3]) etcd.current.created(id, 3);
  await settle();
  assert.equal(
    readings.map(({ error }) => codeOf(error)),
    ['CLUSTER_RESET', 'CLUSTER_RESET', undefined],
  );
  assert.is(
    etcd.ranges.every(({ request }) => request.serializable !== true),
    true,
  );
  assert.ok(etcd.ranges.length <= 2, 'one for the first, one for all that came while it ran');
});

test('H20 W-30: a member that lags is waited for', async () => {
  const etcd = new FakeEtcd();
  const reading = (await etcd.live(100, { progressNotify: true })).read();
  await etcd.lose();
  etcd.current.created(1, 90);
  etcd.current.progress(1, 95);
  etcd.current.events(1, [101]);
  await settle();
  assert.is(etcd.ranges.length, 1);
  assert.equal(reading.revisions, [[101]]);
  assert.is(reading.responses.length, 1, 'a bookmark does not go back');
});

for (const [what, say] of Object.entries({
  events: (stream: FakeStream) => stream.events(1, [150]),
  'a bookmark': (stream: FakeStream) => stream.progress(1, 150),
  'being created again': () => {},
})) {
  test(`H20: ${what} count as seen`, async () => {
    const etcd = new FakeEtcd();
    await etcd.live(100);
    const [stream] = etcd.streams as [FakeStream];
    say(stream);
    await etcd.lose();
    if (what === 'being created again') {
      etcd.current.created(1, 150);
      await etcd.lose();
    }
    etcd.current.created(1, 149);
    assert.is(etcd.ranges.length, 1);
  });
}

test('H20: a read that fails settles nothing and is repeated while the stream lives', async () => {
  const etcd = new FakeEtcd();
  etcd.revision = () => Promise.reject(UNAVAILABLE);
  const reading = (await etcd.live()).read();
  await etcd.lose();
  etcd.current.created(1, 3);
  await etcd.clock.advance(2_500);
  assert.is(etcd.ranges.length, 3);
  assert.is(reading.state, 'open');
  etcd.revision = () => Promise.resolve(3);
  await etcd.clock.advance(1_000);
  assert.is(codeOf(reading.error), 'CLUSTER_RESET');
  assert.is(etcd.clock.timers.size, 0);
});

test('H20: a read that ends after its stream decides nothing, and no timer stays', async () => {
  const etcd = new FakeEtcd();
  const answer = deferred<number>();
  etcd.revision = () => answer.promise;
  const reading = (await etcd.live()).read();
  await etcd.lose();
  etcd.current.created(1, 3);
  await etcd.lose();
  etcd.current.created(1, 100);
  answer.resolve(3);
  await settle();
  assert.is(reading.state, 'open');
  etcd.revision = () => Promise.reject(UNAVAILABLE);
  await etcd.lose();
  etcd.current.created(1, 3);
  await settle();
  await reading.watch.cancel();
  assert.is(etcd.clock.timers.size, 0);
});

test('what is logged holds no key', async () => {
  const etcd = new FakeEtcd();
  etcd.watch({ key: Buffer.from('secret') });
  await etcd.lose(new EtcdError({ code: 'UNAVAILABLE', message: 'secret', outcome: 'unknown' }));
  etcd.current.say({ created: true, watchId: 9 });
  etcd.current.say({ created: true, watchId: 9 });
  assert.is(etcd.log.length, 1);
  assert.not.match(etcd.log.join(), /secret/);
});

test.run();
