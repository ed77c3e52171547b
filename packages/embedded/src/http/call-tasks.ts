// What all kinds of calls do with a request and with an error.
import type { Faults } from '../faults.ts';
import type { Gate } from '../gate.ts';
import type { Caller } from '../member.ts';
import { status, StatusError } from '../status.ts';
import type { Rpc } from '../wire/descriptors.ts';
import type { ServerCall } from './call.ts';

/** The parts that calls pass on their way to the handlers. */
export interface CallParts {
  readonly gate: Gate;
  readonly faults: Faults;
}

/** gRPC's code for an error without a better one. */
export const UNKNOWN = 2;

/** Runs a task of a call when the gate lets it through, unless the call is over by then. What it throws ends the call. */
export function passing(gate: Gate, call: ServerCall, task: () => void): void {
  gate.pass(() => {
    if (call.over) return;
    try {
      task();
    } catch (error) {
      fail(call, error);
    }
  });
}

/** Who calls. */
export function callerOf({ head }: ServerCall, bytes: number): Caller {
  return { token: head.token, bytes };
}

/** Reads a request. Throws etcd's error for malformed bytes. */
export function decode(rpc: Rpc, bytes: Buffer): never {
  try {
    return rpc.decode(bytes) as never;
  } catch {
    throw status('INTERNAL', 'grpc: error unmarshalling request: proto: cannot parse invalid wire-format data');
  }
}

/** Ends a call with an error. */
export function fail(call: ServerCall, error: unknown): void {
  if (error instanceof StatusError) call.finish(error.code, error.message);
  else call.finish(UNKNOWN, `the embedded etcd failed: ${String(error)}`);
}
