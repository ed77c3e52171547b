import { GRPC_CODES, type EtcdErrorCode, type GrpcCode, type Outcome } from './error-codes.ts';
import { grpcCodeOf } from './failures.ts';

const TEXT_LIMIT = 1024;
const BRAND: unique symbol = Symbol.for('@etcdts/core.EtcdError') as never;

/** What an EtcdError is made of; `message` is the text after the code. The gRPC status follows from the code. */
export interface EtcdErrorInit {
  /** What failed. */
  readonly code: EtcdErrorCode;
  /** What happened, and what to do about it, in words. */
  readonly message: string;
  /** What is known of the request's effect on etcd. */
  readonly outcome: Outcome;
  /** The RPC, as `KV.Put`; left out if none was made. */
  readonly method?: string | undefined;
  /** The endpoint that answered or failed. */
  readonly endpoint?: string | undefined;
  /** How many times the request was sent out, or tried to be. 0 by default. */
  readonly attempts?: number | undefined;
  /** With `COMPACTED`: the first revision that can still be watched. */
  readonly compactRevision?: bigint | undefined;
  /** The name of the argument at fault, such as `options.limit`. */
  readonly argument?: string | undefined;
  /** The error beneath, such as that of a socket. */
  readonly cause?: unknown;
}

/**
 * The one error of this client, whatever failed: `code` is what failed, `outcome` is whether a write may have happened.
 *
 * `code` is etcd's own name if etcd gave a verdict (`COMPACTED`, `LEASE_NOT_FOUND`, …; rpctypes/error.go), gRPC's
 * (`UNAVAILABLE`, …) or this client's. `outcome: 'not-applied'` is given only if it is proven; it is never guessed.
 * An abort rejects with the signal's own reason instead, never with an EtcdError.
 */
export class EtcdError extends Error {
  /** Always `EtcdError`; in another copy of the package too. */
  override readonly name: string = 'EtcdError';
  /** What failed, by etcd's name, gRPC's or this client's. docs/errors.md has what each permits. */
  readonly code: EtcdErrorCode;
  /** The gRPC status number that belongs to the code. */
  readonly grpcCode: number;
  /** What is known of the request's effect on etcd. A read has none: always `'not-applied'`. */
  readonly outcome: Outcome;
  /** The RPC, as `KV.Put`; absent if no RPC was made. */
  declare readonly method: string | undefined;
  /** The endpoint that answered or failed; absent if none was reached. */
  declare readonly endpoint: string | undefined;
  /** How many times the request was sent out, or tried to be: 0 if it was refused in the client. */
  readonly attempts: number;
  /** With code `COMPACTED` on a watch: the first revision that can still be watched. */
  declare readonly compactRevision: bigint | undefined;
  /** The argument at fault, if the client refused a call for one. */
  declare readonly argument: string | undefined;

  constructor(init: EtcdErrorInit) {
    super(`${init.code}: ${init.message}`, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.grpcCode = grpcCodeOf(init.code);
    this.outcome = init.outcome;
    this.attempts = init.attempts ?? 0;
    // Set only if known, so that a printed error shows no empty fields.
    if (init.method !== undefined) this.method = init.method;
    if (init.endpoint !== undefined) this.endpoint = init.endpoint;
    if (init.compactRevision !== undefined) this.compactRevision = init.compactRevision;
    if (init.argument !== undefined) this.argument = init.argument;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** What `JSON.stringify` gives, for logs: the fields and the message; a revision as decimal text. */
  toJSON(): Record<string, unknown> {
    const { name, message, code, grpcCode, outcome, method, endpoint, attempts, argument, compactRevision } = this;
    const revision = compactRevision?.toString();
    return { name, message, code, grpcCode, outcome, method, endpoint, attempts, argument, compactRevision: revision };
  }
}

// `instanceof` recognises an error of another copy of this package, too. A subclass recognises only its own. It is defined out here,
// because bundlers rename a class that names itself.
Object.defineProperty(EtcdError, Symbol.hasInstance, {
  value(this: unknown, error: unknown): boolean {
    return this === EtcdError ? isEtcdError(error) : Function.prototype[Symbol.hasInstance].call(this as never, error);
  },
});

/** Tells an EtcdError, of one code if given; true also for one made by another copy of this package. */
export function isEtcdError<C extends EtcdErrorCode>(
  error: unknown,
  code?: C,
): error is EtcdError & { readonly code: C } {
  if (typeof error !== 'object' || error === null || !(BRAND in error)) return false;
  return code === undefined || ('code' in error && error.code === code);
}

/** The error for an argument refused in the client: nothing was sent. */
export function invalidArgument(argument: string, reason: string, code: EtcdErrorCode = 'INVALID_ARGUMENT'): EtcdError {
  return new EtcdError({ code, message: `${argument} ${reason}`, outcome: 'not-applied', argument });
}

/** The error of a call made on, or cut off by, a closed client. */
export function clientClosed(method?: string, outcome: Outcome = 'not-applied'): EtcdError {
  return new EtcdError({ code: 'CLIENT_CLOSED', message: 'the client is closed', outcome, method });
}

/** A gRPC status number's name; a number that gRPC does not define is UNKNOWN. */
export function grpcCodeName(code: number): GrpcCode {
  const name = GRPC_CODES[code];
  return name === undefined || name === 'OK' ? 'UNKNOWN' : name;
}

/** The same error with some of its fields changed: for code that has more of the call than what made the error. */
export function withFields(error: EtcdError, fields: Partial<EtcdErrorInit>): EtcdError {
  const { code, outcome, method, endpoint, attempts, compactRevision, argument, cause } = error;
  const message = error.message.slice(code.length + 2);
  return new EtcdError({
    ...{ code, message, outcome, method, endpoint, attempts, compactRevision, argument, cause },
    ...fields,
  });
}

/** A reason made safe to show: of an error its message. It may be anything that an application throws or rejects with. */
export function reasonText(reason: unknown): string {
  try {
    return serverText(reason instanceof Error ? reason.message : String(reason));
  } catch {
    return 'a reason that cannot be shown';
  }
}

/** A server's text made safe to show: no control characters, at most 1 KiB. */
export function serverText(text: string): string {
  const plain = String(text)
    .slice(0, TEXT_LIMIT)
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
  return text.length > TEXT_LIMIT ? `${plain}…` : plain;
}
