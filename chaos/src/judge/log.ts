import type { Revision, SeenEvent } from '../history.ts';
import type { JudgeProgram } from './program.ts';

/** A comparison in the log. `other` is set for what the history has no form for. */
export interface LoggedCompare {
  readonly key: string;
  readonly target: string;
  readonly value: string | number;
  readonly other?: true;
}

/** A request in the log, in the form of the history's `Request`. */
export interface LoggedRequest {
  readonly type: 'put' | 'get' | 'delete' | 'txn' | 'compact' | 'grant' | 'revoke';
  readonly key?: string;
  readonly end?: string;
  readonly value?: string;
  readonly lease?: string;
  readonly limit?: number;
  readonly revision?: number;
  readonly countOnly?: true;
  /** Set if it says more than the history has a form for. */
  readonly other?: true;
  readonly compares?: readonly LoggedCompare[];
  readonly success?: readonly LoggedRequest[];
  readonly failure?: readonly LoggedRequest[];
}

/** A request that the cluster has committed, and what it has done. */
export interface LogEntry {
  /** Its index in the log. */
  readonly index: number;
  /** The revision of the store after it. */
  readonly revision: number;
  /** False if etcd has refused it. */
  readonly applied: boolean;
  /** Of a transaction. */
  readonly succeeded?: boolean;
  readonly request: LoggedRequest;
  readonly events: readonly SeenEvent[];
}

/**
 * Reads what the members with these data directories have committed, from their write-ahead logs: no client and no watch has been
 * between. The members are stopped, or at rest. The directories of members that were removed belong to it too.
 */
export async function readLog(program: JudgeProgram, dataDirectories: readonly string[]): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  await program.run(['log', ...dataDirectories], (line) => void entries.push(JSON.parse(line) as LogEntry));
  return entries;
}

/** The revisions of the store as the log makes them. */
export function revisionsOf(entries: readonly LogEntry[]): Revision[] {
  return entries.filter(({ events }) => events.length > 0).map(({ revision, events }) => ({ revision, events }));
}
