import type { Caller, Member } from '../member.ts';
import { status, verdict } from '../status.ts';
import type { Handlers } from './handlers.ts';

interface PeerUrlsRequest {
  readonly ID: bigint;
  readonly peerURLs: readonly string[];
}

const PEER_URL = 'http://127.0.0.1:2380';
const URL_FORM = /^(https?:\/\/[^/]+:\d+|unixs?:\/\/[^/].*)\/?$/;

/** The Cluster service of a cluster with only this member (server/etcdserver/api/v3rpc/member.go). */
export function cluster(member: Member): Handlers {
  let peerURLs: readonly string[] = [PEER_URL];
  const answer = (): object => {
    const { id: ID, options, clientUrl } = member;
    const { revision: _, ...header } = member.header();
    return { header, members: [{ ID, name: options.name, peerURLs, clientURLs: [clientUrl], isLearner: false }] };
  };
  const checkMember = (caller: Caller, id: bigint): void => {
    member.checkAdmin(caller);
    if (id !== member.id) throw verdict('MEMBER_NOT_FOUND');
  };
  return {
    unary: {
      'Cluster.MemberList': (_: object, caller) => {
        member.checkSignedIn(caller);
        return answer();
      },
      'Cluster.MemberAdd': (request: PeerUrlsRequest, caller) => {
        checkUrls(request.peerURLs);
        member.checkAdmin(caller);
        if (request.peerURLs.some((url) => peerURLs.includes(url))) throw verdict('PEER_URL_EXIST');
        throw status('UNIMPLEMENTED', 'the embedded etcd has one member');
      },
      'Cluster.MemberRemove': ({ ID }: PeerUrlsRequest, caller) => {
        checkMember(caller, ID);
        throw status('UNIMPLEMENTED', 'the embedded etcd has one member');
      },
      'Cluster.MemberUpdate': ({ ID, peerURLs: urls }: PeerUrlsRequest, caller) => {
        checkMember(caller, ID);
        peerURLs = urls;
        return answer();
      },
      'Cluster.MemberPromote': ({ ID }: PeerUrlsRequest, caller) => {
        checkMember(caller, ID);
        throw verdict('MEMBER_NOT_LEARNER');
      },
    },
  };
}

function checkUrls(urls: readonly string[]): void {
  if (urls.length === 0 || !urls.every((url) => URL_FORM.test(url))) throw verdict('MEMBER_BAD_URLS');
}
