import type { EtcdClient } from '@etcdts/core';
import type { EtcdCluster, EtcdMember, FaultProxy } from '@etcdts/testing';
import { now, pause } from '../clock.ts';
import type { Fault } from '../history.ts';
import type { WorkerProcess } from '../workload/worker-process.ts';
import type { Peers } from './peers.ts';

/** What there is to disturb. */
export interface Targets {
  readonly cluster: EtcdCluster;
  /** The members that stay: their ids, in hexadecimal digits. */
  readonly ids: readonly string[];
  readonly links: readonly FaultProxy[];
  readonly peers: Peers;
  readonly workers: readonly WorkerProcess[];
  /** A client that no fault of a link touches. */
  readonly client: EtcdClient;
}

/** How often each fault comes, in a hundred. */
const SHARES: readonly (readonly [kind: FaultKind, share: number])[] = [
  ['kill', 34],
  ['killLeader', 18],
  ['pause', 9],
  ['cut', 7],
  ['loseReplies', 6],
  ['blackhole', 5],
  ['oneWay', 4],
  ['delay', 3],
  ['partition', 4],
  ['block', 4],
  ['stop', 3],
  ['jump', 1],
  ['restartAll', 1],
  ['learner', 1],
];

export type FaultKind =
  | 'kill'
  | 'killLeader'
  | 'pause'
  | 'cut'
  | 'loseReplies'
  | 'blackhole'
  | 'oneWay'
  | 'delay'
  | 'partition'
  | 'block'
  | 'stop'
  | 'jump'
  | 'restartAll'
  | 'learner';

/** The kinds that count as one. */
export const GROUPS: Readonly<Record<'kills' | 'pauses' | 'network', readonly FaultKind[]>> = {
  kills: ['kill', 'killLeader'],
  pauses: ['pause', 'stop', 'block'],
  network: ['cut', 'loseReplies', 'blackhole', 'oneWay', 'delay', 'partition'],
};

/** Makes one fault after the other, each undone before the next one, in an order that the seed decides. */
export class Nemesis {
  readonly counts: Map<FaultKind, number> = new Map();
  readonly #targets: Targets;
  readonly #random: () => number;
  readonly #onFault: (fault: Fault) => void;
  readonly #shares: readonly (readonly [kind: FaultKind, share: number])[];

  /** The `favoured` kinds come more often. */
  constructor(targets: Targets, random: () => number, favoured: readonly FaultKind[], onFault: (fault: Fault) => void) {
    this.#targets = targets;
    this.#random = random;
    this.#onFault = onFault;
    this.#shares = SHARES.map(([kind, share]) => [kind, favoured.includes(kind) ? share + 40 : share]);
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const kind = this.#choose();
      const at = now();
      const to = await this[kind]();
      this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
      this.#onFault({ type: 'fault', kind, to, at, until: now() });
      await pause(this.#between(300, 1_200), signal);
    }
  }

  #choose(): FaultKind {
    const at = this.#random() * this.#shares.reduce((sum, [, share]) => sum + share, 0);
    let sum = 0;
    for (const [kind, share] of this.#shares) if (at < (sum += share)) return kind;
    return 'kill';
  }

  #between(from: number, to: number): number {
    return from + this.#random() * (to - from);
  }

  #pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.#random() * values.length)] as T;
  }

  /** The members that stay. */
  get #members(): readonly EtcdMember[] {
    return this.#targets.cluster.members.slice(0, this.#targets.ids.length);
  }

  async #restart(member: EtcdMember): Promise<string> {
    await member.kill();
    await pause(this.#between(50, 900));
    await member.start();
    return member.name;
  }

  async kill(): Promise<string> {
    return await this.#restart(this.#pick(this.#members));
  }

  async killLeader(): Promise<string> {
    const leader = await this.#targets.cluster.leader();
    return await this.#restart(this.#targets.cluster.members[leader] as EtcdMember);
  }

  async pause(): Promise<string> {
    const member = this.#pick(this.#members);
    await member.freeze();
    await pause(this.#between(500, 4_000));
    await member.thaw();
    return member.name;
  }

  async cut(): Promise<string> {
    return await this.#link(0, (link) => link.cut());
  }

  async loseReplies(): Promise<string> {
    return await this.#link(300, (link) => link.swallowReplies());
  }

  async blackhole(): Promise<string> {
    return await this.#link(4_000, (link) => link.blackhole());
  }

  async oneWay(): Promise<string> {
    const direction = this.#random() < 0.5 ? 'toServer' : 'toClient';
    return await this.#link(3_000, (link) => link.pause(direction));
  }

  async delay(): Promise<string> {
    return await this.#link(3_000, (link) => link.delay({ ms: 20, jitterMs: 80 }));
  }

  async #link(atMostMs: number, disturb: (link: FaultProxy) => void): Promise<string> {
    const { links } = this.#targets;
    const link = this.#pick(links);
    disturb(link);
    await pause(this.#between(atMostMs / 4, atMostMs));
    await link.heal();
    return `link ${links.indexOf(link)}`;
  }

  /** Cuts a member off from the others: both ways, or one of them. */
  async partition(): Promise<string> {
    const { ids, peers } = this.#targets;
    const alone = Math.floor(this.#random() * ids.length);
    const ways = this.#pick(['both', 'in', 'out']);
    for (const other of ids.keys()) {
      if (other === alone) continue;
      if (ways !== 'in') peers.block(ids[alone] as string, other);
      if (ways !== 'out') peers.block(ids[other] as string, alone);
    }
    await pause(this.#between(1_000, 5_000));
    peers.heal();
    return `${this.#members[alone]?.name} ${ways}`;
  }

  async block(): Promise<string> {
    const worker = this.#pick(this.#targets.workers);
    const ms = Math.round(this.#between(300, 4_000));
    worker.order({ type: 'block', ms });
    await pause(ms);
    return worker.name;
  }

  async stop(): Promise<string> {
    const worker = this.#pick(this.#targets.workers);
    worker.signal('SIGSTOP');
    await pause(this.#between(300, 4_000));
    worker.signal('SIGCONT');
    return worker.name;
  }

  async jump(): Promise<string> {
    const worker = this.#pick(this.#targets.workers);
    worker.order({ type: 'jump', ms: Math.round(this.#between(-3_600_000, 3_600_000)) });
    return worker.name;
  }

  /** A rolling restart, in order. */
  async restartAll(): Promise<string> {
    for (const member of this.#members) {
      await member.stop();
      await member.start();
    }
    return 'all members';
  }

  /** A fourth member comes as a learner, votes for a while if it has caught up, and is removed. */
  async learner(): Promise<string> {
    const { cluster, client } = this.#targets;
    const joining = await cluster.addMember();
    try {
      const { member } = await client.cluster.memberAddAsLearner([joining.peerUrl]);
      await joining.start({ waitHealthy: false });
      await pause(this.#between(500, 2_500));
      await client.cluster.memberPromote(member.id).catch(() => {});
      await pause(this.#between(500, 1_500));
      await client.cluster.memberRemove(member.id);
    } catch {
      // A cluster that has lost its leader for a moment refuses changes; what was announced is removed below.
    } finally {
      await this.#removeOthers();
      await joining.kill();
    }
    return joining.name;
  }

  async #removeOthers(): Promise<void> {
    const { ids, client } = this.#targets;
    for (let attempt = 0; attempt < 20; attempt++) {
      try {
        const { members } = await client.cluster.memberList();
        const others = members.filter(({ id }) => !ids.includes(id.toString(16)));
        if (others.length === 0) return;
        for (const { id } of others) await client.cluster.memberRemove(id);
      } catch {
        await pause(300);
      }
    }
    throw new Error('the member that had joined could not be removed');
  }
}
