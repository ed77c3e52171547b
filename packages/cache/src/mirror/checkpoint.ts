import { invalidArgument } from '@etcdts/core/plugin';
import { placeOf } from '../ordered.ts';
import type { Renaming } from './renaming.ts';

/** What a checkpoint states of the target. */
export interface CheckpointState {
  /** During a base the target has parts of it only, so that a mirror that was stopped then begins with another base. */
  readonly phase: 'base' | 'changes';
  /** The target has everything up to this revision of the source; in a base, its revision. */
  readonly revision: bigint;
  /** The id of the source's cluster; revisions of another one mean nothing. */
  readonly cluster: bigint;
  /** Whether the mirror began with a base, so that it may take another one; if not, a compaction ends it. */
  readonly begun: 'base' | 'revision';
}

/** A checkpoint as it is on the target. */
export interface Checkpoint extends CheckpointState {
  /** The bytes of the value. */
  readonly value: Buffer;
  /** Which run of a mirror has written it. */
  readonly writer: string;
  /** The revision of the target with which it was written. */
  readonly writtenAt: bigint;
}

/** Makes the value of a checkpoint: JSON of one line. No two writes have the same. */
export function checkpointValue(
  { phase, revision, cluster, begun }: CheckpointState,
  { from, to }: Renaming,
  writer: string,
  write: number,
): Buffer {
  const [source, target] = [placeOf(from), placeOf(to)];
  return Buffer.from(
    JSON.stringify({
      ...{ mirror: 1, phase, revision: String(revision), cluster: String(cluster), begun },
      ...{ source, target, writer, write },
    }),
  );
}

/** Reads the value of a checkpoint. Throws for one that no mirror has written, or that is of another mirror. */
export function readCheckpoint(value: Buffer, { from, to }: Renaming, writtenAt: bigint): Checkpoint {
  const { mirror, phase, revision, cluster, begun, source, target, writer } = fieldsOf(value);
  if (mirror !== 1 || !isNumber(revision) || !isNumber(cluster) || typeof writer !== 'string') throw foreign();
  if ((phase !== 'base' && phase !== 'changes') || (begun !== 'base' && begun !== 'revision')) throw foreign();
  if (source !== placeOf(from) || target !== placeOf(to))
    throw invalidArgument(
      'checkpoint',
      'is that of a mirror with another prefix or targetPrefix: give each its own key',
    );
  return { value, phase, begun, writer, writtenAt, revision: BigInt(revision), cluster: BigInt(cluster) };
}

function fieldsOf(value: Buffer): Readonly<Record<string, unknown>> {
  try {
    const fields: unknown = JSON.parse(value.toString());
    if (typeof fields === 'object' && fields !== null) return fields as Record<string, unknown>;
  } catch {
    // It is not what a mirror writes.
  }
  throw foreign();
}

function isNumber(value: unknown): value is string {
  return typeof value === 'string' && /^\d{1,20}$/.test(value);
}

function foreign(): Error {
  return invalidArgument('checkpoint', 'has a value on the target that no mirror has written: choose another key');
}
