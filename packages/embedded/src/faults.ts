import { checkOptions, type KnownOptions } from './known-options.ts';
import { statusByName, type GrpcCode, type StatusError, type Verdict } from './status.ts';

/** Options of {@link EmbeddedEtcd.fail}: which calls fail, and how. */
export interface FaultOptions {
  /** The RPC as etcd names it, `KV.Put`; only its name, `Put`; or `*` for every one. Streams fail when they are opened. */
  readonly method: string;
  /** One of etcd's verdicts without `Err`, such as `NO_LEADER`, or a gRPC code, such as `UNAVAILABLE`. */
  readonly code: Verdict | GrpcCode;
  /** The text of the error. Defaults to etcd's own, or to the code's name. */
  readonly message?: string | undefined;
  /** How many calls succeed before the first one fails. Default 0. */
  readonly after?: number | undefined;
  /** How many calls fail. Default 1; Infinity until `cancel()`. */
  readonly times?: number | undefined;
  /** Whether a call that fails is executed nevertheless, so that its outcome is unknown to the caller. Only for unary calls. */
  readonly applied?: boolean | undefined;
}

const FAULT_OPTIONS: KnownOptions<FaultOptions> = {
  method: true,
  code: true,
  message: true,
  after: true,
  times: true,
  applied: true,
};

/** A fault that `fail` has added. */
export interface Fault {
  /** How many calls have failed by it. */
  readonly failed: number;
  /** Ends the fault. Calls succeed again. */
  cancel(): void;
}

/** The failure of one call. */
export interface Failure {
  readonly error: StatusError;
  readonly applied: boolean;
}

interface Armed extends Failure {
  readonly method: string;
  after: number;
  times: number;
  failed: number;
}

/** The faults that are not used up. */
export class Faults {
  readonly #known: ReadonlySet<string>;
  readonly #armed = new Set<Armed>();

  /** `names` are all RPCs, such as `KV.Put`. */
  constructor(names: readonly string[]) {
    this.#known = new Set(['*', ...names, ...names.map(shortName)]);
  }

  add(options: FaultOptions): Fault {
    checkOptions(options, FAULT_OPTIONS, 'fail');
    const { method, code, message, after = 0, times = 1, applied = false } = options;
    if (!this.#known.has(method)) throw new TypeError(`fail: there is no method ${method}; its form is KV.Put`);
    const armed: Armed = { method, error: statusByName(code, message), applied, after, times, failed: 0 };
    this.#armed.add(armed);
    return {
      get failed() {
        return armed.failed;
      },
      cancel: () => void this.#armed.delete(armed),
    };
  }

  /** Counts a call of the RPC. Returns its failure if it must fail. */
  next(name: string): Failure | undefined {
    for (const armed of this.#armed) {
      if (armed.method !== '*' && armed.method !== name && armed.method !== shortName(name)) continue;
      if (armed.after-- > 0) continue;
      armed.failed++;
      if (armed.failed >= armed.times) this.#armed.delete(armed);
      return armed;
    }
    return undefined;
  }
}

function shortName(name: string): string {
  return name.slice(name.indexOf('.') + 1);
}
