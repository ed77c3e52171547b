import type { ClientStats, InterceptorSite } from '@etcdts/core/plugin';
import { assert, suite } from '@etcdts/testing';
import { Registry } from 'prom-client';
import { Instruments } from './instruments.ts';
import { ObservedClients } from './observed-clients.ts';

const test = suite('observed clients');

interface FakeSite extends InterceptorSite {
  closed: boolean;
  asked: number;
}

/** A site of a client with one watch, which was given one event. */
function fakeSite(closed: boolean): FakeSite {
  const stats = (): ClientStats => ({
    closed: site.closed,
    watches: { open: 1, streams: 1, parked: 0, bufferedBytes: 0, resumes: 0, events: 1 },
    leases: { kept: 0, lost: 0 },
    endpoints: [],
  });
  const site = { closed, asked: 0, connections: {}, stats: () => (site.asked++, stats()) } as FakeSite;
  return site;
}

test('closed clients are let go of, also where nobody reads, and what they counted stays', async () => {
  const registry = new Registry();
  const instruments = Instruments.in(registry, []);
  const clients = new ObservedClients(instruments, {});
  instruments.sources.attach({ over: false, report: () => clients.report(), settle() {} });
  const living = fakeSite(false);
  clients.add(living);
  const sites = Array.from({ length: 1_000 }, () => fakeSite(true));
  for (const site of sites) clients.add(site);
  const kept = sites.filter(({ asked }) => asked === 0).length;
  assert.ok(kept <= 32, `${kept} closed clients are kept`);
  const text = await registry.metrics();
  assert.match(text, /^etcdts_watches 1$/m);
  assert.match(text, /^etcdts_watch_events_total 1001$/m);
  assert.ok(
    sites.every(({ asked }) => asked === 1),
    'each closed client is asked once and never again',
  );
});

test('living clients are not asked again and again as others come', () => {
  const clients = new ObservedClients(Instruments.in(new Registry(), []), {});
  const sites = Array.from({ length: 1_000 }, () => fakeSite(false));
  for (const site of sites) clients.add(site);
  const asked = sites.reduce((sum, site) => sum + site.asked, 0);
  assert.ok(asked < 4_000, `asked ${asked} times`);
});

test.run();
