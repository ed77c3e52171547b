import type { Member } from '../member.ts';
import type * as m from '../messages.ts';
import { LEASE_COST } from '../quota.ts';
import { StatusError } from '../status.ts';
import type { Handlers, Peer, StreamListener } from './handlers.ts';

/** The Lease service (server/etcdserver/api/v3rpc/lease.go). */
export function lease(member: Member): Handlers {
  const { lessor, guard } = member;
  return {
    unary: {
      'Lease.LeaseGrant': ({ ID, TTL }: m.LeaseGrantRequest, caller): m.LeaseResponse => {
        member.checkSpace(caller, LEASE_COST);
        member.checkSignedIn(caller);
        member.proposeChange(caller, LEASE_COST);
        const { id, ttl } = lessor.grant(ID, TTL);
        return { header: member.header(), ID: id, TTL: ttl };
      },
      'Lease.LeaseRevoke': ({ ID }: m.LeaseIdRequest, caller): m.HeaderResponse => {
        member.checkSignedIn(caller);
        guard.leaseKeys(member.proposeChange(caller, 0), ID, 'write');
        lessor.revoke(ID);
        return { header: member.header() };
      },
      'Lease.LeaseTimeToLive': ({ ID, keys }: m.LeaseTimeToLiveRequest, caller): m.LeaseTimeToLiveResponse => {
        member.checkSignedIn(caller);
        if (keys) guard.leaseKeys(member.userOf(caller), ID, 'read');
        const found = lessor.get(ID);
        if (found === undefined) return { header: member.header(), ID, TTL: -1 };
        const { ttl: grantedTTL } = found;
        const attached = keys ? lessor.keyBytesOf(ID) : [];
        return { header: member.header(), ID, TTL: lessor.remaining(found), grantedTTL, keys: attached };
      },
      'Lease.LeaseLeases': (_: object, caller): m.LeaseLeasesResponse => {
        const user = member.userOf(caller);
        member.checkSignedIn(caller);
        const leases = lessor.all().map(({ id: ID }) => ({ ID }));
        for (const { ID } of leases) guard.leaseKeys(user, ID, 'read');
        return { header: member.header(), leases };
      },
    },
    streams: {
      'Lease.LeaseKeepAlive': (peer: Peer<m.LeaseResponse>): StreamListener => ({
        message({ ID }: m.LeaseIdRequest) {
          const header = member.header();
          try {
            member.checkSignedIn(peer.caller);
            guard.leaseKeys(member.userOf(peer.caller), ID, 'write');
          } catch (error) {
            if (error instanceof StatusError) return peer.end(error);
            throw error;
          }
          peer.send({ header, ID, TTL: lessor.renew(ID)?.ttl ?? 0 });
        },
        end: () => peer.end(),
      }),
    },
  };
}
