import { assert, suite } from '@etcdts/testing';
import { LeaseRegistry } from './lease-registry.ts';

const test = suite('namespace: lease registry');
const DAY_MS = 86_400_000;

/** A registry on a clock that stands still until it is moved. */
function registryAt(adopted: readonly bigint[] = []) {
  const clock = { ms: 0 };
  return { clock, registry: new LeaseRegistry(() => clock.ms, false, adopted) };
}

/** Grants enough short leases, over enough time, for everything that can be forgotten to be. */
function churn(registry: LeaseRegistry, clock: { ms: number }): void {
  for (let i = 0; i < 5_000; i++) {
    clock.ms += 60_000;
    registry.granted(1_000_000n + BigInt(i), 5);
  }
}

test('it does not grow with leases that were left to expire', () => {
  const { clock, registry } = registryAt();
  churn(registry, clock);
  assert.ok(registry.size <= 1_024, `holds ${registry.size}`);
});

test('it does not grow with leases that were revoked', () => {
  const { clock, registry } = registryAt();
  for (let i = 0n; i < 5_000n; i++) {
    clock.ms += 60_000;
    registry.granted(i, 86_400);
    registry.lost(i);
  }
  assert.ok(registry.size <= 1_024, `holds ${registry.size}`);
});

test('a lease stays own for as long as it may live, and a while longer', () => {
  const { clock, registry } = registryAt();
  registry.granted(1n, 1_000_000);
  registry.granted(2n, 60);
  clock.ms = 9 * 60_000;
  for (let i = 0; i < 5_000; i++) registry.granted(1_000_000n + BigInt(i), 5);
  assert.ok(registry.owns(1n));
  assert.ok(registry.owns(2n));
});

test('a renewed lease and one that is kept alive are not forgotten', () => {
  const { clock, registry } = registryAt();
  registry.granted(1n, 5);
  registry.granted(2n, 5);
  const lost = new AbortController();
  registry.keptAlive(2n, lost);
  for (let i = 0; i < 5_000; i++) {
    clock.ms += 60_000;
    registry.renewed(1n);
    registry.granted(1_000_000n + BigInt(i), 5);
  }
  assert.ok(registry.owns(1n));
  assert.ok(registry.owns(2n));
  lost.abort();
  churn(registry, clock);
  assert.not.ok(registry.owns(2n));
});

test('reads the signal of a keepalive only when the lease could be forgotten, because reading makes it', () => {
  const { clock, registry } = registryAt();
  let readings = 0;
  const keepAlive = {
    get signal() {
      readings++;
      return new AbortController().signal;
    },
  };
  const grant = (from: number): void => {
    for (let i = from; i < 2 * from + 5_000; i++) {
      registry.granted(BigInt(i), 5);
      registry.keptAlive(BigInt(i), keepAlive);
    }
  };
  grant(1);
  clock.ms += 10 * 60_000;
  grant(5_001);
  assert.is(readings, 0);
  clock.ms += 11 * 60_000;
  grant(10_001);
  assert.ok(readings > 0 && registry.owns(1n));
});

test('an adopted lease is not forgotten until it is gone', () => {
  const { clock, registry } = registryAt([1n]);
  clock.ms = 365 * DAY_MS;
  churn(registry, clock);
  assert.ok(registry.owns(1n));
  registry.lost(1n);
  churn(registry, clock);
  assert.not.ok(registry.isGone(1n));
});

test('a lease that is gone stays gone, and is forgotten though its keepalive has not aborted yet', () => {
  const { clock, registry } = registryAt();
  registry.granted(1n, 5);
  registry.keptAlive(1n, new AbortController());
  registry.lost(1n);
  registry.renewed(1n);
  assert.ok(registry.isGone(1n));
  churn(registry, clock);
  assert.not.ok(registry.isGone(1n));
});

test('without limits it owns all and remembers none', () => {
  const registry = new LeaseRegistry(() => 0, true, []);
  registry.granted(1n, 5);
  assert.is(registry.size, 0);
  assert.ok(registry.owns(99n));
  registry.require(99n);
});

test.run();
