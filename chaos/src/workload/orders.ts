import type { Finals } from './finals.ts';

/** The configuration of a working process: JSON in its first argument. */
export interface WorkerConfig {
  readonly process: number;
  readonly seed: number;
  readonly transport: 'grpc' | 'http2';
  readonly endpoints: readonly string[];
  readonly auth: boolean;
  /** The file of its history. */
  readonly history: string;
  /** How many callers it has. */
  readonly callers: number;
  /** How long a caller rests between two operations, in ms, on average. */
  readonly pauseMs: number;
  readonly watches: readonly string[];
  /** How long watches may take at the end, without faults, to deliver their last event, in ms. */
  readonly settleMs: number;
  readonly leases: number;
  readonly locks: readonly string[];
}

/** The messages of its parent. */
export type Order =
  /** Block the event loop. */
  | { readonly type: 'block'; readonly ms: number }
  /** Let the wall clock jump. */
  | { readonly type: 'jump'; readonly ms: number }
  /** End all callers, leases and locks, and open no more watches. */
  | { readonly type: 'quiet' }
  /** Wait until every open watch has delivered its last event, then close all and leave. */
  | { readonly type: 'leave'; readonly finals: Finals };

/** The messages to its parent. */
export type Report =
  | { readonly type: 'ready' }
  /** Once a second. */
  | {
      readonly type: 'sum';
      readonly operations: number;
      readonly unknown: number;
      /** How many watches have gone on, on another stream. */
      readonly resumed: number;
      /** Microseconds, of the last second. */
      readonly p50: number;
      readonly p99: number;
    }
  | { readonly type: 'quiet' }
  /** All is written. `behind` watches never delivered their last event; `left` are the handles that are open after the clients were closed. */
  | { readonly type: 'left'; readonly behind: number; readonly left: readonly string[] }
  | { readonly type: 'failed'; readonly error: string };
