// The Lock and Election services, on a real etcd and the embedded one: the same calls, and every answer compared.
import { createClient, type EtcdClient } from '@etcdts/core';
import { observeElection, election, mutex, openSession } from '@etcdts/concurrency';
import { startEmbedded } from '@etcdts/embedded';
import { assert, eventually, findEtcd, isAtLeast, startEtcd, suite } from '@etcdts/testing';
import { keysOf } from '../concurrency/contenders.ts';
import { etcdctlOf, Program } from '../concurrency/programs.ts';
import { RawEtcd, type Message, type Outcome, type RawCall } from '../raw-etcd.ts';
import { strip } from './differential-answers.ts';

const test = suite('Lock and Election services of the embedded etcd', { timeoutMs: 40_000 });
const bytes = (text: string): Buffer => Buffer.from(text);
/** Bytes of a response, which are in base64. */
const textOf = (value: unknown): string => Buffer.from(String(value), 'base64').toString();

/** An etcd, called without a client of ours and watched by one. */
class Scene {
  readonly raw: RawEtcd;
  readonly client: EtcdClient;
  readonly #transcript: unknown[] = [];

  constructor(endpoint: string) {
    this.raw = new RawEtcd(endpoint);
    this.client = createClient({ endpoints: endpoint });
  }

  get transcript(): readonly unknown[] {
    return this.#transcript;
  }

  /** Notes an answer, without what must differ. */
  note(name: string, outcome: Outcome): Outcome {
    this.#transcript.push([name, strip(outcome)]);
    return outcome;
  }

  async call(name: string, request: Message, token?: string): Promise<Outcome> {
    return this.note(name, await this.raw.call(name, request, token));
  }

  async grant(...ids: readonly bigint[]): Promise<void> {
    for (const ID of ids) await this.call('Lease.LeaseGrant', { ID, TTL: 60n });
  }

  /** Begins a call and waits until its contender has come. */
  async join(name: string, request: Message, count: number): Promise<RawCall> {
    const call = this.raw.begin(name, request);
    await this.contenders(String(request['name']), count);
    return call;
  }

  async contenders(name: string, count: number): Promise<readonly string[]> {
    await eventually(async () => (await keysOf(this.client, name)).length === count);
    return (await keysOf(this.client, name)).map(({ key }) => key.toString());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.raw.close();
    await this.client.close();
  }
}

/** Plays the same on both etcds. All answers must be the same. */
async function onBoth(play: (scene: Scene) => Promise<void>): Promise<readonly unknown[]> {
  await using real = await startEtcd();
  await using embedded = await startEmbedded();
  const played: (readonly unknown[])[] = [];
  for (const { endpoint } of [real, embedded]) {
    await using scene = new Scene(endpoint);
    await play(scene);
    played.push(scene.transcript);
  }
  const [one = [], other = []] = played;
  for (const [index, answer] of one.entries()) assert.equal(other[index], answer, `answer ${index}`);
  assert.is(other.length, one.length);
  return one;
}

test('Lock takes a lock, waits in line, and ends as in etcd: unlock, expired lease, unknown lease, no name', async (t) => {
  if (!isAtLeast((await findEtcd()).version, '3.5')) t.skip('etcd 3.4 gives a lock to a lease that has ended');
  const answers = await onBoth(async (scene) => {
    await scene.grant(1n, 2n, 3n, 4n);
    const name = bytes('locks/a');
    await scene.call('Lock.Lock', { name, lease: 1n });
    await scene.call('Lock.Lock', { name, lease: 1n });
    const second = await scene.join('Lock.Lock', { name, lease: 2n }, 2);
    const third = await scene.join('Lock.Lock', { name, lease: 3n }, 3);
    const fourth = await scene.join('Lock.Lock', { name, lease: 4n }, 4);
    await scene.call('Lease.LeaseRevoke', { ID: 3n });
    await scene.call('Lock.Unlock', { key: bytes('locks/a/1') });
    scene.note('second', await second.outcome);
    await scene.call('Lock.Unlock', { key: bytes('locks/a/2') });
    scene.note('third', await third.outcome);
    scene.note('fourth', await fourth.outcome);
    await scene.call('Lock.Unlock', { key: bytes('locks/a/4') });
    await scene.call('Lock.Unlock', { key: bytes('locks/a/4') });
    await scene.call('Lock.Unlock', {});
    await scene.call('Lock.Lock', { name, lease: 99n });
    await scene.call('Lock.Lock', { lease: 1n });
    await scene.call('Lock.Lock', { name: bytes('negative'), lease: -5n });
    await scene.call('KV.Range', { key: bytes('\0'), rangeEnd: bytes('\0') });
  });
  assert.ok(answers.length > 15);
});

test('a Lock that is cancelled leaves the line, and one without a lease gets one of 60 seconds', async () => {
  await onBoth(async (scene) => {
    await scene.grant(1n, 2n, 3n);
    const name = bytes('locks/b');
    await scene.call('Lock.Lock', { name, lease: 1n });
    const second = await scene.join('Lock.Lock', { name, lease: 2n }, 2);
    const third = await scene.join('Lock.Lock', { name, lease: 3n }, 3);
    second.cancel();
    assert.is((await second.outcome).error?.code, 1);
    assert.equal(await scene.contenders('locks/b', 2), ['locks/b/1', 'locks/b/3']);
    await scene.call('Lock.Unlock', { key: bytes('locks/b/1') });
    scene.note('third', await third.outcome);
    await scene.call('Lock.Unlock', { key: bytes('locks/b/3') });
    const [lock] = (await scene.raw.call('Lock.Lock', { name })).responses;
    const id = BigInt(`0x${textOf(lock?.['key']).slice('locks/b/'.length)}`);
    scene.note('lease', { responses: [{ grantedTtl: (await scene.client.lease.timeToLive(id))?.grantedTtl }] });
  });
});

test('Election: campaign, proclaim, leader and resign answer as in etcd', async () => {
  const answers = await onBoth(async (scene) => {
    await scene.grant(10n, 11n, 12n);
    const name = bytes('elections/a');
    await scene.call('Election.Leader', { name });
    const [won] = (await scene.call('Election.Campaign', { name, lease: 10n, value: bytes('one') })).responses;
    const leader = won?.['leader'] as Message;
    await scene.call('Election.Campaign', { name, lease: 10n, value: bytes('one') });
    await scene.call('Election.Campaign', { name, lease: 10n, value: bytes('other') });
    await scene.call('Election.Leader', { name });
    const next = await scene.join('Election.Campaign', { name, lease: 11n, value: bytes('two') }, 2);
    const cancelled = await scene.join('Election.Campaign', { name, lease: 12n, value: bytes('three') }, 3);
    cancelled.cancel();
    await cancelled.outcome;
    await scene.contenders('elections/a', 2);
    await scene.call('Election.Proclaim', { leader, value: bytes('again') });
    await scene.call('Election.Proclaim', { leader: { ...leader, rev: 1n }, value: bytes('never') });
    await scene.call('Election.Proclaim', { value: bytes('never') });
    await scene.call('Election.Resign', { leader });
    scene.note('next', await next.outcome);
    await scene.call('Election.Resign', { leader });
    await scene.call('Election.Resign', {});
    await scene.call('Election.Leader', { name });
    await scene.call('Election.Campaign', { name, lease: 99n });
    await scene.call('KV.Range', { key: bytes('\0'), rangeEnd: bytes('\0') });
  });
  assert.ok(answers.length > 15);
});

test('Election.Observe sends each proclamation in order, of the leader that there is and of each that follows', async () => {
  await onBoth(async (scene) => {
    await scene.grant(20n, 21n, 22n);
    const name = bytes('elections/b');
    const early = scene.raw.begin('Election.Observe', { name });
    const [won] = (await scene.call('Election.Campaign', { name, lease: 20n, value: bytes('one') })).responses;
    const leader = won?.['leader'] as Message;
    const late = scene.raw.begin('Election.Observe', { name });
    for (const seen of [early, late]) await eventually(() => seen.received.length === 1);
    for (const value of ['a', 'b', 'c']) await scene.call('Election.Proclaim', { leader, value: bytes(value) });
    const next = await scene.join('Election.Campaign', { name, lease: 21n, value: bytes('two') }, 2);
    for (const seen of [early, late]) await eventually(() => seen.received.length === 4);
    await scene.call('Election.Resign', { leader });
    scene.note('next', await next.outcome);
    for (const seen of [early, late]) await eventually(() => seen.received.length === 5);
    await scene.call('Lease.LeaseRevoke', { ID: 21n });
    await scene.call('Election.Campaign', { name, lease: 22n, value: bytes('three') });
    for (const seen of [early, late]) {
      await eventually(() => seen.received.length === 6);
      scene.note('observed', { responses: [...seen.received] });
      seen.cancel();
      assert.is((await seen.outcome).error?.code, 1);
    }
  });
});

test('with authentication, Lock and Election need the rights of their caller', async () => {
  const answers = await onBoth(async (scene) => {
    await scene.grant(1n, 2n);
    await scene.call('Lock.Lock', { name: bytes('mine'), lease: 1n });
    for (const name of ['root', 'ann']) {
      await scene.call('Auth.UserAdd', { name, password: name });
      await scene.call('Auth.RoleAdd', { name });
      await scene.call('Auth.UserGrantRole', { user: name, role: name });
    }
    const perm = { permType: 'READWRITE', key: bytes('mine'), rangeEnd: bytes('minf') };
    await scene.call('Auth.RoleGrantPermission', { name: 'ann', perm });
    await scene.call('Auth.AuthEnable', {});
    const signed = await scene.raw.call('Auth.Authenticate', { name: 'ann', password: 'ann' });
    const token = String(signed.responses[0]?.['token']);
    for (const caller of [undefined, token, 'nonsense']) {
      for (const name of ['mine', 'other']) {
        await scene.call('Lock.Lock', { name: bytes(name), lease: name === 'mine' ? 1n : 2n }, caller);
        await scene.call('Election.Campaign', { name: bytes(`${name}-race`), lease: 2n }, caller);
        await scene.call('Election.Leader', { name: bytes(`${name}-race`) }, caller);
      }
      await scene.call('Lock.Unlock', { key: bytes('mine/1') }, caller);
    }
  });
  assert.ok(answers.length > 20);
});

test('a Lock whose connection is cut leaves the line, and one waits through freeze()', async () => {
  await using etcd = await startEmbedded();
  await using scene = new Scene(etcd.endpoint);
  await scene.grant(1n, 2n, 3n);
  const name = bytes('cut');
  await scene.call('Lock.Lock', { name, lease: 1n });
  const lost = await scene.join('Lock.Lock', { name, lease: 2n }, 2);
  etcd.disconnect();
  assert.is((await lost.outcome).error?.code, 14);
  assert.equal(await scene.contenders('cut', 1), ['cut/1']);
  const waiting = await scene.join('Lock.Lock', { name, lease: 3n }, 2);
  etcd.freeze();
  const unlocked = scene.raw.call('Lock.Unlock', { key: bytes('cut/1') });
  etcd.thaw();
  assert.is((await unlocked).error, undefined);
  assert.is(textOf((await waiting.outcome).responses[0]?.['key']), 'cut/3');
});

for (const [kind, start] of [
  ['a real etcd', startEtcd],
  ['the embedded etcd', startEmbedded],
] as const) {
  test(`SL-01 on ${kind}, the Lock service, mutex() and etcdctl lock exclude each other, in order`, async (t) => {
    const path = (await etcdctlOf('3.5')) ?? t.skip('there is no etcdctl 3.5: scripts/etcd.mjs obtains one');
    await using etcd = await start();
    await using scene = new Scene(etcd.endpoint);
    await using session = await openSession(scene.client);
    const name = 'shared';
    await scene.grant(1n, 2n);
    await scene.call('Lock.Lock', { name: bytes(name), lease: 1n });
    const ours = mutex(session, name).lock();
    await scene.contenders(name, 2);
    await using theirs = new Program(path, [`--endpoints=${etcd.endpoint}`, 'lock', name]);
    await scene.contenders(name, 3);
    const last = await scene.join('Lock.Lock', { name: bytes(name), lease: 2n }, 4);
    const line = await scene.contenders(name, 4);
    assert.is(await mutex(session, name).tryLock(), undefined);
    assert.equal([theirs.lines, last.received], [[], []]);

    await scene.call('Lock.Unlock', { key: bytes(`${name}/1`) });
    const lock = await ours;
    assert.is(lock.key.toString(), line[1]);
    assert.equal([theirs.lines, last.received], [[], []]);
    await lock.unlock();
    assert.is((await theirs.printed(1))[0], line[2]);
    assert.equal(last.received, []);
    await theirs.end();
    assert.is(textOf((await last.outcome).responses[0]?.['key']), `${name}/2`);
    assert.is(await mutex(session, name).tryLock(), undefined);
    await scene.call('Lock.Unlock', { key: bytes(`${name}/2`) });
    await (await mutex(session, name).lock()).unlock();
  });

  test(`SL-01 on ${kind}, the Election service and election() have one leader at a time, whom both observe`, async () => {
    await using etcd = await start();
    await using scene = new Scene(etcd.endpoint);
    await using session = await openSession(scene.client);
    const name = 'chief';
    await scene.grant(1n);
    const [won] = (await scene.call('Election.Campaign', { name: bytes(name), lease: 1n, value: bytes('theirs') }))
      .responses;
    const leader = won?.['leader'] as Message;
    const ours = election(session, name).campaign('ours');
    await scene.contenders(name, 2);
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { kv } of observeElection(scene.client, name)) if (seen.push(kv.value.toString()) === 2) return;
    })();
    await eventually(() => seen.length === 1);
    await scene.call('Election.Resign', { leader });
    const leadership = await ours;
    await watching;
    assert.equal(seen, ['theirs', 'ours']);
    const [now] = (await scene.call('Election.Leader', { name: bytes(name) })).responses;
    assert.is(textOf((now?.['kv'] as Message | undefined)?.['value']), 'ours');
    await leadership.resign();
  });
}

test.run();
