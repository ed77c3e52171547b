import { EtcdError } from '@etcdts/core';
import type { KeepAlive, LeaseKeepAliveResponse, ResponseHeader } from '@etcdts/core';
import type { LeaseService } from '@etcdts/core/plugin';
import { assert, rejects, suite } from '@etcdts/testing';
import { LeaseRegistry } from './lease-registry.ts';
import { scopeLease } from './lease.ts';
import { Scope } from './range.ts';

const test = suite('namespace: lease');
const header: ResponseHeader = { clusterId: 1n, memberId: 2n, revision: 3n, raftTerm: 4n };
const b = (text: string): Buffer => Buffer.from(text);
const violation = { code: 'NAMESPACE_VIOLATION', outcome: 'not-applied', attempts: 0 };
const notFound = new EtcdError({ code: 'LEASE_NOT_FOUND', message: 'none', outcome: 'not-applied' });

/** A fake etcd's leases: id to the keys that are attached. */
class FakeLeases implements LeaseService {
  readonly alive: Map<bigint, string[]> = new Map();
  readonly calls: string[] = [];
  readonly kept: Map<bigint, AbortController> = new Map();

  async grant({ id, ttl }: { id: bigint; ttl: number }) {
    this.calls.push(`grant ${id}`);
    if (this.alive.has(id)) throw new EtcdError({ ...notFound, code: 'LEASE_EXIST', message: 'taken' });
    this.alive.set(id, []);
    return { header, id, ttl };
  }

  async revoke({ id }: { id: bigint }) {
    this.calls.push(`revoke ${id}`);
    if (!this.alive.delete(id)) throw notFound;
    return { header };
  }

  async timeToLive({ id, keys = false }: { id: bigint; keys?: boolean | undefined }) {
    this.calls.push(`timeToLive ${id} ${keys}`);
    const attached = this.alive.get(id);
    if (attached === undefined) return { header, id, ttl: -1, grantedTtl: 0, keys: [] };
    return { header, id, ttl: 5, grantedTtl: 9, keys: keys ? attached.map(b) : [] };
  }

  async leases() {
    return { header, leases: [...this.alive.keys()] };
  }

  async keepAliveOnce(id: bigint) {
    this.calls.push(`keepAliveOnce ${id}`);
    if (!this.alive.has(id)) throw notFound;
    return { header, id, ttl: 9 };
  }

  keepAlive(id: bigint): KeepAlive {
    this.calls.push(`keepAlive ${id}`);
    const lost = new AbortController();
    this.kept.set(id, lost);
    const cancel = async (): Promise<void> => void this.calls.push(`cancel ${id}`);
    async function* renewals(): AsyncGenerator<LeaseKeepAliveResponse> {
      yield { header, id, ttl: 9 };
    }
    const renewed = Promise.resolve({ header, id, ttl: 9 });
    const ends = { cancel, [Symbol.asyncDispose]: cancel };
    return { id, ttl: 9, renewed, signal: lost.signal, ...ends, [Symbol.asyncIterator]: renewals };
  }
}

/** Leases behind `app/` over a fake etcd that has lease 1000 of somebody else; 7 is adopted. */
function scoped(any = false) {
  const etcd = new FakeLeases();
  etcd.alive.set(1000n, ['other/k']).set(7n, []);
  const registry = new LeaseRegistry(() => 0, any, [7n]);
  return { etcd, registry, service: scopeLease(etcd, new Scope(b('app/')), registry) };
}

test('a foreign lease is neither revoked, renewed, kept alive nor looked at', async () => {
  const { etcd, service } = scoped();
  await rejects(service.revoke({ id: 1000n }, {}), violation);
  await rejects(service.keepAliveOnce(1000n, {}), violation);
  await rejects(service.timeToLive({ id: 1000n }, {}), violation);
  const keepAlive = service.keepAlive(1000n, {});
  assert.is(keepAlive.signal.reason.code, 'NAMESPACE_VIOLATION');
  await rejects(keepAlive[Symbol.asyncIterator]().next(), violation);
  await rejects(keepAlive.renewed, violation);
  await keepAlive.cancel();
  await keepAlive[Symbol.asyncDispose]();
  assert.equal(etcd.calls, []);
});

test('granted and adopted leases are own leases', async () => {
  const { etcd, service } = scoped();
  assert.equal(await service.grant({ id: 8n, ttl: 9 }, {}), { header, id: 8n, ttl: 9 });
  for (const id of [7n, 8n]) {
    assert.is((await service.timeToLive({ id }, {})).ttl, 5);
    assert.is((await service.keepAliveOnce(id, {})).ttl, 9);
    for await (const renewal of service.keepAlive(id, {})) assert.is(renewal.id, id);
    assert.equal(await service.revoke({ id }, {}), { header });
  }
  assert.equal([...etcd.alive.keys()], [1000n]);
});

test('a grant that etcd did not acknowledge gives no right to the id', async () => {
  const { etcd, service } = scoped();
  await rejects(service.grant({ id: 1000n, ttl: 9 }, {}), { code: 'LEASE_EXIST' });
  await rejects(service.revoke({ id: 1000n }, {}), violation);
  assert.ok(etcd.alive.has(1000n));
});

test('leases lists own leases alone', async () => {
  const { service } = scoped();
  await service.grant({ id: 8n, ttl: 9 }, {});
  assert.equal((await service.leases({})).leases, [7n, 8n]);
  assert.equal((await scoped(true).service.leases({})).leases, [1000n, 7n]);
});

test('the keys of a lease are those inside, cut (NS-08)', async () => {
  const { etcd, service } = scoped();
  etcd.alive.set(7n, ['app/a', 'apple', 'app/', 'ap', 'app/b']);
  assert.equal((await service.timeToLive({ id: 7n, keys: true }, {})).keys, [b('a'), b('b')]);
  assert.equal((await scoped(true).service.timeToLive({ id: 1000n, keys: true }, {})).keys, []);
});

test('with any, every lease can be used', async () => {
  const { etcd, service } = scoped(true);
  assert.is((await service.keepAliveOnce(1000n, {})).ttl, 9);
  assert.not.ok(service.keepAlive(1000n, {}).signal.aborted);
  await service.revoke({ id: 1000n }, {});
  assert.not.ok(etcd.alive.has(1000n));
});

test('an own lease that is gone answers as in etcd, also when its id is somebody else’s by now', async () => {
  const { etcd, service } = scoped();
  await service.grant({ id: 8n, ttl: 9 }, {});
  await service.revoke({ id: 8n }, {});
  etcd.alive.set(8n, ['other/k']);
  etcd.calls.length = 0;
  await rejects(service.revoke({ id: 8n }, {}), { code: 'LEASE_NOT_FOUND' });
  await rejects(service.keepAliveOnce(8n, {}), { code: 'LEASE_NOT_FOUND' });
  assert.is(service.keepAlive(8n, {}).signal.reason.code, 'LEASE_NOT_FOUND');
  const gone = await service.timeToLive({ id: 8n, keys: true }, {});
  assert.equal(gone, { header, id: 8n, ttl: -1, grantedTtl: 0, keys: [] });
  assert.equal((await service.leases({})).leases, [7n]);
  assert.equal(etcd.calls, ['timeToLive 8 false']);
});

test('a gone lease can be granted again', async () => {
  const { service } = scoped();
  await service.revoke({ id: 7n }, {});
  await service.grant({ id: 7n, ttl: 9 }, {});
  assert.is((await service.timeToLive({ id: 7n }, {})).ttl, 5);
});

test('every notice of an end is believed: a time to live of -1, LEASE_NOT_FOUND', async () => {
  const ends: ((service: LeaseService) => unknown)[] = [
    (service) => service.timeToLive({ id: 7n }, {}),
    (service) => rejects(service.keepAliveOnce(7n, {}), { code: 'LEASE_NOT_FOUND' }),
    (service) => rejects(service.revoke({ id: 7n }, {}), { code: 'LEASE_NOT_FOUND' }),
  ];
  for (const end of ends) {
    const { etcd, registry, service } = scoped();
    etcd.alive.delete(7n);
    await end(service);
    assert.not.ok(registry.owns(7n), String(end));
    assert.ok(registry.isGone(7n), String(end));
  }
});

test('a lost keepalive leaves the lease own: etcd may have it still', async () => {
  for (const code of ['LEASE_LOST', 'LEASE_NOT_FOUND'] as const) {
    const { etcd, service } = scoped();
    service.keepAlive(7n, {});
    etcd.kept.get(7n)?.abort(new EtcdError({ ...notFound, code, message: 'by the clock, or a failed revocation' }));
    assert.equal(await service.revoke({ id: 7n }, {}), { header });
  }
});

test("a keepalive is the client's own", async () => {
  const { etcd, service } = scoped();
  const keepAlive = service.keepAlive(7n, {});
  assert.is(keepAlive.id, 7n);
  assert.is(keepAlive.signal, etcd.kept.get(7n)?.signal);
  await keepAlive.cancel();
  assert.equal(etcd.calls, ['keepAlive 7', 'cancel 7']);
});

test('an inner namespace uses only leases that the outer one owns, and makes its own known to it', async () => {
  const { etcd, registry, service } = scoped();
  const inner = scopeLease(service, new Scope(b('in:')), new LeaseRegistry(() => 0, true, []));
  await inner.grant({ id: 8n, ttl: 9 }, {});
  assert.ok(registry.owns(8n));
  etcd.alive.set(8n, ['app/in:a', 'app/b']);
  assert.equal((await inner.timeToLive({ id: 8n, keys: true }, {})).keys, [b('a')]);
  await rejects(inner.revoke({ id: 1000n }, {}), violation);
});

test.run();
