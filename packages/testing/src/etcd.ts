import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { checkOptions } from '@etcdts/core/plugin';
import { findEtcd } from './etcd-binary.ts';
import { createDataRoot, freePorts } from './etcd-data.ts';
import { ETCD_OPTIONS, type EtcdOptions } from './etcd-flags.ts';
import { EtcdMember, PortTaken } from './etcd-member.ts';
import { eventually } from './eventually.ts';

/** How many attempts a start has, because another process may take one of the free ports first. */
const PORT_ATTEMPTS = 5;

/** Options of `startCluster`. */
export interface ClusterOptions extends EtcdOptions {
  /** The number of members. Defaults to 3. */
  readonly members?: number;
  /**
   * Called with the address of each member for its peers, `127.0.0.1:port`. Resolves with the address under which they reach it, such as
   * that of a proxy.
   */
  readonly peerVia?: (endpoint: string) => Promise<string>;
}

/** Real etcd processes on loopback that form one cluster. Close it, or use `await using`. */
export interface EtcdCluster extends AsyncDisposable {
  /** The members, in the order of their start; `addMember` appends. */
  readonly members: readonly EtcdMember[];
  /** The client URLs of the members, for `createClient`. */
  readonly endpoints: readonly string[];
  /** The version, such as `3.5.16`. */
  readonly version: string;
  /** Resolves with the index of the leader, as soon as there is one. */
  leader(): Promise<number>;
  /**
   * Adds a member that is still down. Announce its `peerUrl` by `memberAdd` or `memberAddAsLearner` and `start()` it.
   */
  addMember(): Promise<EtcdMember>;
  /** Kills all members and removes their data. May be called again. */
  close(): Promise<void>;
}

/** A cluster of one member. */
export interface EtcdServer extends EtcdCluster {
  /** The one member. */
  readonly member: EtcdMember;
  /** The endpoint, `127.0.0.1:port`. */
  readonly endpoint: string;
}

/** Starts an etcd of one member. It serves when this resolves. */
export async function startEtcd(options: EtcdOptions = {}): Promise<EtcdServer> {
  checkOptions<EtcdOptions>(options, ETCD_OPTIONS);
  const cluster = await startCluster({ ...options, members: 1 });
  const member = cluster.members[0] as EtcdMember;
  return Object.assign(cluster, { member, endpoint: member.endpoint });
}

/** Starts a cluster. All members serve when this resolves. */
export async function startCluster(options: ClusterOptions = {}): Promise<EtcdCluster> {
  checkOptions<ClusterOptions>(options, { ...ETCD_OPTIONS, members: true, peerVia: 'function' });
  for (let attempt = 1; ; attempt++) {
    const cluster = await layOut(options);
    try {
      // All are started together, because the first ones wait for a quorum.
      const starts = await Promise.allSettled(cluster.members.map((member) => member.start()));
      for (const start of starts) if (start.status === 'rejected') throw start.reason;
      return cluster;
    } catch (error) {
      await cluster.close();
      if (!(error instanceof PortTaken) || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function layOut(options: ClusterOptions): Promise<EtcdCluster> {
  const binary = await findEtcd(options.binary);
  const root = createDataRoot();
  const token = randomUUID();
  const scheme = options.tls ? 'https' : 'http';
  const members: EtcdMember[] = [];
  const peers: string[] = [];
  const advertised: string[] = [];
  const name = (index: number): string => `member-${index + 1}`;

  function create(index: number, ports: readonly number[], state: 'new' | 'existing'): EtcdMember {
    const place = {
      name: name(index),
      dataDirectory: join(root.path, name(index)),
      clientUrl: `${scheme}://127.0.0.1:${ports[0]}`,
      peerUrl: `http://127.0.0.1:${ports[1]}`,
      advertisedPeerUrl: advertised[index] as string,
      metricsUrl: `http://127.0.0.1:${ports[2]}`,
      initialCluster: peers.join(','),
      state,
      token,
    };
    const member = new EtcdMember(place, { timing, ...options }, binary, root);
    members.push(member);
    return member;
  }

  const count = options.members ?? 3;
  const timing = count === 1 ? 'fast' : 'default';
  const ports = await freePorts(count * 3);
  const portsOf = (index: number): number[] => ports.slice(index * 3, index * 3 + 3);
  const announce = async (index: number, port: number): Promise<void> => {
    const endpoint = `127.0.0.1:${port}`;
    advertised.push(`http://${(await options.peerVia?.(endpoint)) ?? endpoint}`);
    peers.push(`${name(index)}=${advertised[index]}`);
  };
  for (let index = 0; index < count; index++) await announce(index, portsOf(index)[1] as number);
  for (let index = 0; index < count; index++) create(index, portsOf(index), 'new');

  async function close(): Promise<void> {
    await Promise.all(members.map((member) => member.kill()));
    root.remove();
  }
  return {
    members,
    version: binary.version,
    get endpoints() {
      return members.map((member) => member.clientUrl);
    },
    async leader() {
      const lead = async (member: EtcdMember): Promise<boolean> =>
        member.running && (await member.metric('etcd_server_is_leader').catch(() => 0)) === 1;
      const found = await eventually(
        async () => {
          const index = (await Promise.all(members.map(lead))).indexOf(true);
          return index >= 0 && { index };
        },
        { timeoutMs: 15_000, describe: 'the cluster has a leader' },
      );
      return found.index;
    },
    async addMember() {
      const [client, peer, metrics] = (await freePorts(3)) as [number, number, number];
      await announce(members.length, peer);
      return create(members.length, [client, peer, metrics], 'existing');
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
