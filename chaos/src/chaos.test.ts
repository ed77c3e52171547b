// runs alone
// limit: 300 s
// A short run of the chaos, over both transports. The long ones: npm run chaos -- --help
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, suite } from '@etcdts/testing';
import type { CampaignOptions } from './campaign-options.ts';
import { runCampaign } from './campaign.ts';
import type { Violations } from './check/violations.ts';
import type { RunSummary } from './history.ts';
import { judge } from './judge-all.ts';
import { loadHistory } from './load.ts';
import { mutantNamed } from './mutants/mutants.ts';

const test = suite('chaos', { timeoutMs: 150_000 });

async function campaign(
  options: Partial<CampaignOptions>,
): Promise<{ readonly summary: RunSummary; readonly judged: readonly Violations[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'etcdts-chaos-'));
  try {
    const summary = await runCampaign({
      seconds: 30,
      seed: 11,
      binary: undefined,
      transport: 'both',
      folder,
      auth: true,
      onSample: () => {},
      ...options,
    });
    return { summary, judged: judge(await loadHistory(folder)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const found = (judged: readonly Violations[]): readonly string[] =>
  judged.flatMap(({ checker, found }) => found.map(({ rule, text }) => `${checker}: ${rule}: ${text}`));

test('30 s of kills, pauses, broken links, partitions, compactions and ended tokens break no promise', async () => {
  const { summary, judged } = await campaign({});
  assert.equal(found(judged), []);
  assert.equal(summary.failures, []);
  const { operations = 0, kills = 0, network = 0, pauses = 0 } = summary.done;
  assert.ok(operations > 1_000 && kills > 2 && network + pauses > 2, JSON.stringify(summary.done));
  const looked = Object.fromEntries(judged.flatMap((one) => [...one.looked]));
  for (const what of ['answers', 'errors unknown', 'operations', 'reads', 'events', 'bookmarks', 'open', 'handovers']) {
    assert.ok((looked[what] ?? 0) > 0, `nothing was looked at as ${what}`);
  }
});

test('a bug that is planted into the client is found', async () => {
  // This one needs no luck with a fault; npm run chaos:mutants plants the others.
  const { judged } = await campaign({ seconds: 6, seed: 1, auth: false, mutant: mutantNamed('no-conditions') });
  const texts = found(judged);
  assert.ok(
    texts.some((text) => text.startsWith('A: compare:')),
    texts.join('\n'),
  );
});

test.run();
