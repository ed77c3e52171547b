import type { Member } from '../member.ts';
import type * as m from '../messages.ts';
import { status } from '../status.ts';
import { deleteRange } from '../txn/apply.ts';
import { Contest } from './contest.ts';
import type { Handlers } from './handlers.ts';

const NOTHING = Buffer.alloc(0);

/** The Lock service (server/etcdserver/api/v3lock/lock.go). A lock is that of concurrency.Mutex. */
export function lock(member: Member): Handlers {
  return {
    unary: {
      'Lock.Unlock': ({ key }: m.UnlockRequest, caller): m.HeaderResponse => {
        const { header } = new Contest(member, caller, NOTHING).delete(key);
        return { header };
      },
    },
    waiting: {
      async 'Lock.Lock'({ name, lease }: m.LockRequest, caller, ended): Promise<m.LockResponse> {
        const contest = new Contest(member, caller, name);
        const { key, revision, header, isFirst } = contest.enter(contest.leaseOf(lease), NOTHING);
        if (isFirst) return { header, key };
        try {
          await contest.turn(revision, ended);
        } catch (error) {
          deleteRange(member.store, { key, rangeEnd: NOTHING, prevKv: false });
          throw error;
        }
        const own = contest.get(key);
        if (own.kvs?.length === 0) throw status('UNKNOWN', 'mutex: session is expired');
        return { header: own.header, key };
      },
    },
  };
}
