import { auth } from '@etcdts/auth';
import { createClient, type EtcdClient } from '@etcdts/core';
import { seeded, startCluster, startProxy, type EtcdCluster, type FaultProxy } from '@etcdts/testing';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LeasedKeys } from './check/leased-keys.ts';
import type { CampaignOptions } from './campaign-options.ts';
import { now, pause } from './clock.ts';
import { Nemesis } from './faults/nemesis.ts';
import { Peers } from './faults/peers.ts';
import type { Fault, Line, Revision, RunSummary, Sample } from './history.ts';
import { writeLog } from './judge/log-file.ts';
import { perform } from './perform.ts';
import { Recorder } from './recorder.ts';
import { summaryOf } from './summary.ts';
import { Truth } from './truth.ts';
import { enableAuth, ROOT, TOKENS } from './users.ts';
import { planWork } from './workload/plan.ts';
import { writeFinals } from './write-finals.ts';
import { WorkerProcess } from './workload/worker-process.ts';

/** How many revisions of the past are left by a compaction; by some few, so few that a watch without a connection misses them. */
const KEPT = { most: 1_500, few: 50 } as const;
/** How many compactions there are for each of those few. */
const FEW = 20;
/** How long after the end of the last holder a lease may live, in ms: the longest time to live, an election, and the pace of etcd's expiry. */
const LONGEST_LEASE_MS = 20_000;

/** One run: the cluster, its links, the processes, the faults. It writes the history into `folder`. */
export async function runCampaign(options: CampaignOptions): Promise<RunSummary> {
  mkdirSync(options.folder, { recursive: true });
  const peers = new Peers();
  const cluster = await startCluster({
    members: 3,
    timing: 'fast',
    peerVia: peers.via,
    progressNotifyIntervalMs: 500,
    ...(options.auth && TOKENS),
    ...(options.binary !== undefined && { binary: options.binary }),
  });
  // Processes with even numbers come over the first three links, the others over the second three.
  const links = await Promise.all([...cluster.members, ...cluster.members].map(({ endpoint }) => startProxy(endpoint)));
  const client = createClient({
    endpoints: cluster.endpoints,
    requestTimeoutMs: 3_000,
    interceptors: options.auth ? [auth(ROOT)] : [],
  });
  if (options.auth) await enableAuth(client);
  const campaign = new Campaign(options, cluster, links, peers, client);
  try {
    const summary = await campaign.run();
    if (options.program !== undefined) {
      await Promise.all(cluster.members.map((member) => member.kill()));
      const directories = cluster.members.map(({ dataDirectory }) => dataDirectory);
      await writeLog(options.program, options.folder, directories);
    }
    return summary;
  } finally {
    await campaign.close();
    await client.close();
    await Promise.all(links.map((link) => link.close()));
    await peers.close();
    await cluster.close();
  }
}

class Campaign {
  readonly #options: CampaignOptions;
  readonly #cluster: EtcdCluster;
  readonly #links: readonly FaultProxy[];
  readonly #peers: Peers;
  readonly #client: EtcdClient;
  readonly #truth: Truth;
  readonly #leased: LeasedKeys = new LeasedKeys();
  readonly #revisions: Recorder<Revision>;
  readonly #faults: Recorder<Fault>;
  readonly #own: Recorder<Line>;
  readonly #samples: Recorder<Sample>;
  readonly #workers: WorkerProcess[] = [];

  constructor(
    options: CampaignOptions,
    cluster: EtcdCluster,
    links: readonly FaultProxy[],
    peers: Peers,
    client: EtcdClient,
  ) {
    this.#options = options;
    this.#cluster = cluster;
    this.#links = links;
    this.#peers = peers;
    this.#client = client;
    this.#revisions = new Recorder(join(options.folder, 'truth.jsonl'));
    this.#faults = new Recorder(join(options.folder, 'faults.jsonl'));
    this.#own = new Recorder(join(options.folder, 'history-0.jsonl'));
    this.#samples = new Recorder(join(options.folder, 'samples.jsonl'));
    this.#truth = new Truth(
      cluster.members.map(({ endpoint }) => endpoint),
      options.auth ? ROOT : undefined,
      (revision) => {
        this.#leased.apply(revision);
        this.#revisions.write({ ...revision, at: now() });
      },
    );
  }

  async run(): Promise<RunSummary> {
    const { seed, seconds, onSample } = this.#options;
    this.#startWorkers();
    await Promise.all(this.#workers.map((worker) => worker.next('ready')));
    const random = seeded(seed);
    const { members } = await this.#client.cluster.memberList();
    const ids = this.#cluster.members.map(
      ({ name }) => members.find((one) => one.name === name)?.id.toString(16) ?? '',
    );
    const nemesis = new Nemesis(
      {
        cluster: this.#cluster,
        ids,
        links: this.#links,
        peers: this.#peers,
        workers: this.#workers,
        client: this.#client,
      },
      random,
      this.#options.mutant?.favour ?? [],
      (fault) => this.#faults.write(fault),
    );
    const ending = new AbortController();
    const begun = performance.now();
    const progress = setInterval(() => {
      const sample = this.#sample(begun, nemesis);
      this.#samples.write(sample);
      onSample(sample);
    }, 1_000);
    const disturbing = Promise.all([nemesis.run(ending.signal), this.#compact(ending.signal)]);
    await Promise.race([pause(seconds * 1_000), disturbing]);
    ending.abort();
    await disturbing;
    await this.#calm();
    clearInterval(progress);
    const failures = await this.#settle();
    return await this.#summary(nemesis, failures);
  }

  async close(): Promise<void> {
    this.#truth.close();
    for (const worker of this.#workers) worker.signal('SIGKILL');
    await Promise.all(this.#workers.map((worker) => worker.ended()));
  }

  #startWorkers(): void {
    const { mutant } = this.#options;
    const plant = new URL(`mutants/plant.js?mutant=${mutant?.name}`, import.meta.url);
    const first = mutant === undefined ? [] : [`--import=${plant.href}`];
    const endpoints = this.#links.map(({ endpoint }) => endpoint);
    for (const config of planWork(this.#options, endpoints)) this.#workers.push(new WorkerProcess(config, first));
  }

  #sample(begun: number, nemesis: Nemesis): Sample {
    const sums = this.#workers.map(({ sum }) => sum);
    return {
      seconds: Math.round((performance.now() - begun) / 1_000),
      at: now(),
      operations: sums.reduce((sum, { operations }) => sum + operations, 0),
      unknown: sums.reduce((sum, { unknown }) => sum + unknown, 0),
      faults: [...nemesis.counts.values()].reduce((sum, count) => sum + count, 0),
      revision: this.#truth.revision,
      resumed: sums.reduce((sum, { resumed }) => sum + resumed, 0),
      p50: median(sums.map(({ p50 }) => p50)),
      p99: Math.max(...sums.map(({ p99 }) => p99)),
    };
  }

  /** Compacts every 200 ms, but keeps what the truth has not read. */
  async #compact(signal: AbortSignal): Promise<void> {
    let compacted = 1;
    for (let count = 1; !signal.aborted; count++, await pause(200, signal)) {
      const revision = this.#truth.revision - (count % FEW === 0 ? KEPT.few : KEPT.most);
      if (revision <= compacted) continue;
      const operation = await perform(this.#client, { type: 'compact', revision }, { process: 0, client: 0 });
      this.#own.write(operation);
      if (operation.error === undefined) compacted = revision;
    }
  }

  /** Ends all faults, and waits until every member serves. */
  async #calm(): Promise<void> {
    this.#peers.heal();
    for (const link of this.#links) await link.heal();
    for (const worker of this.#workers) worker.signal('SIGCONT');
    for (const member of this.#cluster.members.slice(0, 3)) {
      if (!member.running) await member.start();
      await member.thaw();
    }
    await this.#cluster.leader();
  }

  /** Ends the work, writes what every watch must see, and waits until all have left. */
  async #settle(): Promise<readonly string[]> {
    const quiet = Promise.all(this.#workers.map((worker) => worker.next('quiet')));
    for (const worker of this.#workers) worker.order({ type: 'quiet' });
    await quiet;
    const finals = await writeFinals(this.#client, (operation) => this.#own.write(operation));
    const left = Promise.all(this.#workers.map((worker) => worker.ended()));
    for (const worker of this.#workers) worker.order({ type: 'leave', finals });
    await left;
    for (let waited = 0; this.#truth.revision < finals.pair && waited < 30_000; waited += 50) await pause(50);
    // Those that are left are a finding of the checker.
    for (let waited = 0; this.#leased.size > 0 && waited < LONGEST_LEASE_MS; waited += 50) await pause(50);
    this.#truth.close();
    const failures = this.#workers.flatMap(({ name, failures, left }) => [
      ...failures.map((failure) => `${name}: ${failure}`),
      ...(left !== undefined && left.behind > 0
        ? [`${name}: ${left.behind} watches never delivered their last event`]
        : []),
      ...(left !== undefined && left.left.length > 0 ? [`${name}: left open: ${left.left.join(' ')}`] : []),
    ]);
    if (this.#truth.failure !== undefined) failures.push(`truth: ${this.#truth.failure}`);
    if (this.#truth.revision < finals.pair)
      failures.push(`truth: it ends at ${this.#truth.revision}, not at ${finals.pair}`);
    return failures;
  }

  async #summary(nemesis: Nemesis, failures: readonly string[]): Promise<RunSummary> {
    await Promise.all([this.#revisions, this.#faults, this.#own, this.#samples].map((recorder) => recorder.close()));
    const summary = summaryOf(
      this.#options,
      this.#cluster.version,
      this.#truth.revision,
      this.#workers,
      nemesis,
      failures,
    );
    writeFileSync(join(this.#options.folder, 'run.json'), `${JSON.stringify(summary, undefined, 2)}\n`);
    return summary;
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
