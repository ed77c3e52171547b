import type * as m from '../messages.ts';
import type { Codec } from './codec.ts';
import { NO_HEADER, readHeader } from './header.ts';
import { hotCodec } from './hot-codec.ts';
import { readHeaderResponse } from './kv.ts';
import { plainMessage } from './plain-message.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

function writeGrant(w: Writer, request: m.LeaseGrantRequest): void {
  w.int64(0x10, request.id);
  w.int64(0x08, request.ttl);
}

function writeId(w: Writer, request: { readonly id: bigint }): void {
  w.int64(0x08, request.id);
}

function writeTimeToLive(w: Writer, request: m.LeaseTimeToLiveRequest): void {
  w.bool(0x10, request.keys);
  w.int64(0x08, request.id);
}

/** Reads a LeaseGrantResponse or a LeaseKeepAliveResponse, whose fields have the same numbers. */
function readLease(r: Reader): m.LeaseGrantResponse & m.LeaseKeepAliveResponse {
  let header = NO_HEADER;
  let id = 0n;
  let ttl = 0;
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) header = readHeader(r);
    else if (tag === 0x10) id = r.int64();
    else if (tag === 0x18) ttl = r.number();
    else r.skip(tag);
  }
  return plainMessage({ header, id, ttl });
}

function readTimeToLive(r: Reader): m.LeaseTimeToLiveResponse {
  let header = NO_HEADER;
  let id = 0n;
  let ttl = 0;
  let grantedTtl = 0;
  const keys: Buffer[] = [];
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) header = readHeader(r);
    else if (tag === 0x10) id = r.int64();
    else if (tag === 0x18) ttl = r.number();
    else if (tag === 0x20) grantedTtl = r.number();
    else if (tag === 0x2a) keys.push(r.kept());
    else r.skip(tag);
  }
  return plainMessage({ header, id, ttl, grantedTtl, keys });
}

/** Reads the id in a LeaseStatus. */
function readLeaseId(r: Reader): bigint {
  let id = 0n;
  const outer = r.enter();
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x08) id = r.int64();
    else r.skip(tag);
  }
  r.leave(outer);
  return id;
}

function readLeases(r: Reader): m.LeaseLeasesResponse {
  let header = NO_HEADER;
  const leases: bigint[] = [];
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) header = readHeader(r);
    else if (tag === 0x12) leases.push(readLeaseId(r));
    else r.skip(tag);
  }
  return plainMessage({ header, leases });
}

export const leaseGrant: Codec<m.LeaseGrantRequest, m.LeaseGrantResponse> = hotCodec(
  writeGrant,
  'LeaseGrantResponse',
  readLease,
);
export const leaseRevoke: Codec<m.LeaseRevokeRequest, m.LeaseRevokeResponse> = hotCodec(
  writeId,
  'LeaseRevokeResponse',
  readHeaderResponse,
);
export const leaseKeepAlive: Codec<m.LeaseKeepAliveRequest, m.LeaseKeepAliveResponse> = hotCodec(
  writeId,
  'LeaseKeepAliveResponse',
  readLease,
);
export const leaseTimeToLive: Codec<m.LeaseTimeToLiveRequest, m.LeaseTimeToLiveResponse> = hotCodec(
  writeTimeToLive,
  'LeaseTimeToLiveResponse',
  readTimeToLive,
);
export const leaseLeases: Codec<m.LeaseLeasesRequest, m.LeaseLeasesResponse> = hotCodec(
  () => {},
  'LeaseLeasesResponse',
  readLeases,
);
