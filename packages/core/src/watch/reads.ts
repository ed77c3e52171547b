// The reads that the watch hub makes for itself: of a key that a watch is on, which its user may read.
import type { CallOptions } from '../call.ts';
import { methods } from '../methods.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';

const TIMEOUT_MS = 5_000;

/**
 * Lets the interceptors see a refused token where they all can, in a unary call. etcd says so of a watch in a message on
 * a healthy stream, which nobody but the hub reads.
 */
export async function renewToken(pipeline: Pipeline, options: CallOptions, key: Uint8Array): Promise<void> {
  const request = { key, serializable: true, countOnly: true };
  await pipeline.unary(methods.range, request, { ...options, timeoutMs: TIMEOUT_MS });
}

/** The revision of the cluster's store, not of one member's. */
export async function storeRevision(pipeline: Pipeline, options: CallOptions, key: Uint8Array): Promise<bigint> {
  const request = { key, countOnly: true };
  const { header } = await pipeline.unary(methods.range, request, { ...options, timeoutMs: TIMEOUT_MS });
  return header.revision;
}
