import type { Member } from '../member.ts';
import type * as m from '../messages.ts';
import { status, type StatusError } from '../status.ts';
import { Contest } from './contest.ts';
import type { Handlers, Peer } from './handlers.ts';
import { Observation } from './observation.ts';

const NOTHING = Buffer.alloc(0);

/** The Election service (server/etcdserver/api/v3election/election.go). An election is that of concurrency.Election. */
export function election(member: Member): Handlers {
  return {
    unary: {
      'Election.Proclaim': ({ leader, value }: m.ProclaimRequest, caller): m.HeaderResponse => {
        const { key, rev, lease } = given(leader);
        const contest = new Contest(member, caller, NOTHING);
        const { succeeded, header } = contest.change(key, rev, value, contest.leaseOf(lease));
        if (!succeeded) throw failed('election: not leader');
        return { header };
      },
      'Election.Leader': ({ name }: m.LeaderRequest, caller): m.LeaderResponse => {
        const { header, kvs = [] } = new Contest(member, caller, name).first();
        const [kv] = kvs;
        if (kv === undefined) throw failed('election: no leader');
        return { header, kv };
      },
      'Election.Resign': ({ leader }: m.ResignRequest, caller): m.HeaderResponse => {
        const { key, rev } = given(leader);
        const { header } = new Contest(member, caller, NOTHING).leave(key, rev);
        return { header };
      },
    },
    waiting: {
      async 'Election.Campaign'(
        { name, lease: id, value }: m.CampaignRequest,
        caller,
        ended,
      ): Promise<m.CampaignResponse> {
        const contest = new Contest(member, caller, name);
        const lease = contest.leaseOf(id);
        const { key, revision, header, known } = contest.enter(lease, value);
        const rev = BigInt(revision);
        if (known !== undefined && !known.equals(value)) contest.change(key, rev, value, lease);
        try {
          await contest.turn(revision, ended);
        } catch (error) {
          if (ended.aborted) contest.leave(key, rev);
          throw error;
        }
        return { header, leader: { name, key, rev, lease } };
      },
    },
    streams: { 'Election.Observe': (peer: Peer<m.LeaderResponse>) => new Observation(member, peer) },
  };
}

function given(leader: m.LeaderKey | null): m.LeaderKey {
  if (leader === null) throw failed('"leader" field must be provided');
  return leader;
}

/** An error of etcd's that has no code. */
function failed(text: string): StatusError {
  return status('UNKNOWN', text);
}
