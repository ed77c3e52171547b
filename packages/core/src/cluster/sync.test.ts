import { assert, deferred, rejects, suite } from '@etcdts/testing';
import type { CallOptions } from '../call.ts';
import type { Logger } from '../logger.ts';
import type { Member, StatusResponse } from '../messages.ts';
import { EndpointSync, type SyncClock, syncEndpoints, type SyncTarget } from './sync.ts';

interface Fake extends SyncTarget {
  members: Partial<Member>[] | Error;
  endpoints: string[];
  tls: boolean;
  readonly asked: CallOptions[];
  readonly down: Set<string>;
  readonly probed: string[];
}

function fake(endpoints: string[], members: Partial<Member>[]): Fake {
  const target: Fake = {
    members,
    endpoints,
    tls: false,
    asked: [],
    down: new Set(),
    probed: [],
    describe: () => ({
      endpoints: target.endpoints.map((address) => ({ address, secure: target.tls || address.startsWith('https') })),
    }),
    setEndpoints: (list) => void (target.endpoints = [...list]),
    cluster: {
      memberList: async (options = {}) => {
        target.asked.push(options);
        if (target.members instanceof Error) throw target.members;
        return { header: {} as never, members: target.members as Member[] };
      },
    },
    maintenance: {
      status: async (endpoint) => {
        target.probed.push(endpoint);
        if (target.down.has(endpoint)) throw new Error('down');
        return {} as StatusResponse;
      },
    },
  };
  return target;
}

function member(name: string, ...clientUrls: string[]): Partial<Member> {
  return { name, clientUrls, isLearner: false };
}

class ManualClock implements SyncClock {
  readonly timers: { at: number; callback: () => void; hold: boolean | undefined }[] = [];
  time = 0;
  now(): number {
    return this.time;
  }
  after(ms: number, callback: () => void, hold?: boolean): { cancel(): void } {
    const timer = { at: this.time + ms, callback, hold };
    this.timers.push(timer);
    return { cancel: () => void this.timers.splice(this.timers.indexOf(timer) >>> 0, 1) };
  }
  async advance(ms: number): Promise<void> {
    this.time += ms;
    for (const timer of this.timers.splice(0)) {
      if (timer.at <= this.time) timer.callback();
      else this.timers.push(timer);
    }
    await new Promise(setImmediate);
  }
}

function warnings(): { readonly lines: string[]; readonly logger: Logger } {
  const lines: string[] = [];
  return { lines, logger: { debug() {}, info() {}, warn: (line) => void lines.push(line), error() {} } };
}

const test = suite('sync');

test('CL-07 takes the client URLs of started members that are no learners, each once', async () => {
  const target = fake(
    ['http://old:1'],
    [
      member('a', 'http://a:1', 'http://a:2'),
      member('b', 'http://b:1', 'http://a:1'),
      member('', 'http://unstarted:1'),
      { ...member('l', 'http://learner:1'), isLearner: true },
    ],
  );
  await syncEndpoints(target, { timeoutMs: 9 });
  assert.equal(target.endpoints, ['http://a:1', 'http://a:2', 'http://b:1']);
  assert.is(target.asked[0]?.timeoutMs, 9);
  assert.is((target.asked[0] as { serializable?: boolean }).serializable, undefined, 'linearizable');
});

test('CL-07 an empty result keeps the present endpoints and is logged', async () => {
  const target = fake(['http://old:1'], [member('', 'http://a:1'), member('b')]);
  const { lines, logger } = warnings();
  await syncEndpoints(target, {}, logger);
  assert.equal(target.endpoints, ['http://old:1']);
  assert.match(lines.join(), /no member advertises a client URL/);
});

test('H15 advertised URLs of which none answers do not replace endpoints that work', async () => {
  const target = fake(['http://old:1'], [member('a', 'http://a:1'), member('b', 'http://b:1')]);
  const { lines, logger } = warnings();
  target.down.add('http://a:1').add('http://b:1');
  await syncEndpoints(target, {}, logger);
  assert.equal(target.endpoints, ['http://old:1']);
  assert.match(lines.join(), /nothing answers at http:\/\/a:1, http:\/\/b:1/);
  target.down.delete('http://b:1');
  await syncEndpoints(target, {}, logger);
  assert.equal(target.endpoints, ['http://a:1', 'http://b:1']);
});

test('endpoints that are the cluster’s own already are left alone, unprobed', async () => {
  const target = fake(['http://b:1', 'http://a:1'], [member('a', 'http://a:1'), member('b', 'http://b:1')]);
  await syncEndpoints(target);
  assert.equal(target.endpoints, ['http://b:1', 'http://a:1']);
  assert.equal(target.probed, []);
});

test('advertised URLs are compared as endpoints: a final slash, capitals, a default port or scheme change nothing', async () => {
  const advertised = [member('a', 'HTTP://Host-A:1/'), member('b', 'http://b:2379'), member('u', 'unix:///run/Etcd')];
  for (const present of [
    ['http://host-a:1', 'http://b', 'unix:///run/Etcd'],
    ['unix:///run/Etcd', 'b:2379', 'Host-A:1'],
  ]) {
    const target = fake(present, advertised);
    await syncEndpoints(target);
    assert.equal(target.probed, [], present.join());
    assert.equal(target.endpoints, present);
  }
  const grown = fake(['b:2379'], [member('b', 'http://b:2379/'), member('c', 'http://c:2379')]);
  await syncEndpoints(grown);
  assert.equal(grown.endpoints, ['b:2379', 'http://c:2379'], 'an endpoint that stays is spelled as it was');
  const upper = fake(['unix:///run/etcd', 'b:2379', 'Host-A:1'], advertised);
  await syncEndpoints(upper);
  assert.equal(upper.endpoints, ['Host-A:1', 'b:2379', 'unix:///run/Etcd'], 'a path has its capitals');
  const secure = fake(['host-a:1'], [member('a', 'https://host-a:1/', 'HTTPS://HOST-A:1')]);
  secure.tls = true;
  await syncEndpoints(secure);
  assert.equal(secure.probed, []);
});

test('an advertised URL of which no endpoint can be made is left out and logged, without its text', async () => {
  const { lines, logger } = warnings();
  const target = fake(['http://old:1'], [member('a', 'http://user:secret@a:1', 'http://a:1'), member('b', 'ftp://b')]);
  await syncEndpoints(target, {}, logger);
  assert.equal(target.endpoints, ['http://a:1']);
  assert.is(lines.length, 2);
  assert.match(lines[0] as string, /^member a advertises .*user info/);
  assert.not.match(lines.join(), /secret/);
});

test('a client that uses TLS alone takes no URL without', async () => {
  const members = [member('a', 'https://a:1', 'http://a:2'), member('b', 'unixs://b')];
  const secure = fake(['https://old:1'], members);
  await syncEndpoints(secure);
  assert.equal(secure.endpoints, ['https://a:1', 'unixs://b']);
  const byOption = fake(['old:1'], members);
  byOption.tls = true;
  await syncEndpoints(byOption);
  assert.equal(byOption.endpoints, ['https://a:1', 'unixs://b']);
  const mixed = fake(['https://old:1', 'http://old:2'], members);
  await syncEndpoints(mixed);
  assert.equal(mixed.endpoints, ['https://a:1', 'http://a:2', 'unixs://b']);
});

test('a failing member list rejects and changes nothing', async () => {
  const target = fake(['http://old:1'], []);
  target.members = new Error('no leader');
  await rejects(syncEndpoints(target), /no leader/);
  assert.equal(target.endpoints, ['http://old:1']);
});

test('CF-02 the first sync comes after one interval, with 5 s, and each later one an interval after the last', async () => {
  const clock = new ManualClock();
  const target = fake(['http://old:1'], [member('a', 'http://a:1')]);
  const sync = new EndpointSync(target, 1000, undefined, clock);
  await clock.advance(999);
  assert.is(target.asked.length, 0);
  await clock.advance(1);
  assert.equal(target.endpoints, ['http://a:1']);
  assert.is(target.asked[0]?.timeoutMs, 5000);
  target.members = [member('b', 'http://b:1')];
  await clock.advance(1000);
  assert.equal(target.endpoints, ['http://b:1']);
  assert.not(
    clock.timers.some((timer) => timer.hold),
    'no timer holds the process',
  );
  sync.close();
  assert.is(clock.timers.length, 0);
});

test('CF-02 a failed sync is logged and tried again', async () => {
  const clock = new ManualClock();
  const { lines, logger } = warnings();
  const target = fake(['http://old:1'], []);
  target.members = new Error('UNAVAILABLE: gone');
  const sync = new EndpointSync(target, 1000, logger, clock);
  await clock.advance(1000);
  assert.match(lines.join(), /tried again in 1000 ms: UNAVAILABLE: gone/);
  target.members = [member('a', 'http://a:1')];
  await clock.advance(1000);
  assert.equal(target.endpoints, ['http://a:1']);
  sync.close();
});

test('a slow sync is not overtaken by the next', async () => {
  const clock = new ManualClock();
  const target = fake(['http://old:1'], [member('a', 'http://a:1')]);
  const answer = deferred();
  const { memberList } = target.cluster;
  const slow = {
    ...target,
    cluster: { memberList: async (o: CallOptions = {}) => (await answer.promise, memberList(o)) },
  };
  const sync = new EndpointSync(slow, 1000, undefined, clock);
  await clock.advance(1000);
  assert.is(clock.timers.length, 0);
  answer.resolve();
  await clock.advance(0);
  assert.is(clock.timers.length, 1);
  sync.close();
});

test('close ends a sync under way: its calls are aborted, nothing changes, nothing is logged or scheduled', async () => {
  const clock = new ManualClock();
  const { lines, logger } = warnings();
  const target = fake(['http://old:1'], [member('a', 'http://a:1')]);
  const answer = deferred();
  const { status } = target.maintenance;
  const slow: SyncTarget = {
    ...target,
    maintenance: { status: async (endpoint, o) => (await answer.promise, status(endpoint, o)) },
  };
  const sync = new EndpointSync(slow, 1000, logger, clock);
  await clock.advance(1000);
  sync.close();
  sync.close();
  assert.ok(target.asked[0]?.signal?.aborted);
  answer.resolve();
  await clock.advance(0);
  assert.equal(target.endpoints, ['http://old:1']);
  assert.equal(lines, []);
  assert.is(clock.timers.length, 0);
});

test.run();
