import { onAbort } from './abort.ts';
import { describe } from './describe.ts';
import { invalidArgument } from './errors.ts';
import { checkKnown, checkSignal, optionTable, type OptionChecks } from './known-options.ts';

/** An abort signal that is checked whenever it is read, and the function that aborts it. */
export interface CheckedSignal {
  /** The signal. `aborted`, `reason` and `throwIfAborted()` check first. */
  readonly signal: AbortSignal;
  /** Aborts the signal, unless it is aborted. */
  abort(reason: unknown): void;
}

/** When a checked signal aborts, beside its `abort`. */
export interface CheckedSignalOptions {
  /** Called whenever the signal is read, so that it can look at a clock and call `abort` first. */
  readonly check?: (() => void) | undefined;
  /**
   * Signals that abort this one, with their reason. They are read whenever this one is, so that a checked one among them
   * is checked too. They keep this signal alive until it is aborted; abort it when it is no longer used.
   */
  readonly from?: readonly AbortSignal[] | undefined;
}

const CHECKED_SIGNAL_OPTIONS = optionTable({
  check: 'function',
  from: checkSignals,
} satisfies OptionChecks<CheckedSignalOptions>);

function checkSignals(value: unknown, argument: string): void {
  if (!Array.isArray(value)) throw invalidArgument(argument, `must be an array of signals, not ${describe(value)}`);
  for (const one of value) checkSignal(one, argument);
}

const checks = new WeakMap<AbortSignal, () => void>();

/**
 * Makes an abort signal that runs a check whenever `aborted`, `reason` or `throwIfAborted()` is read.
 *
 * A timer would be too late: after a blocked event loop, or a stopped process, code that waits for something else may run
 * before any timer. A signal of `AbortSignal.any` runs no check in most versions of Node: it follows the events of its sources. Listeners of
 * a checked signal are called when it is aborted: by `abort`, by the event of a source, or by a read.
 */
export function checkedSignal(options: CheckedSignalOptions = {}): CheckedSignal {
  checkKnown(options, CHECKED_SIGNAL_OPTIONS);
  const { check, from = [] } = options;
  const controller = new AbortController();
  const { signal } = controller;
  Object.setPrototypeOf(signal, checkedPrototype);
  if (from.length === 0) {
    checks.set(signal, check ?? nothing);
    return { signal, abort: (reason) => controller.abort(reason) };
  }

  const ignore: (() => void)[] = [];
  const abort = (reason: unknown): void => {
    for (const stop of ignore.splice(0)) stop();
    controller.abort(reason);
  };
  const look = (): void => {
    check?.();
    const source = from.find(({ aborted }) => aborted);
    if (source !== undefined && !isAborted(signal)) abort(source.reason);
  };
  checks.set(signal, look);
  look();
  if (isAborted(signal)) return { signal, abort };
  for (const source of from) ignore.push(onAbort(source, () => abort(source.reason)));
  return { signal, abort };
}

/** The state of a signal without its check. */
function isAborted(signal: AbortSignal): boolean {
  return Reflect.get(AbortSignal.prototype, 'aborted', signal) as boolean;
}

const checkedPrototype = Object.create(AbortSignal.prototype, {
  aborted: checked('aborted'),
  reason: checked('reason'),
  // Node's own method reads the inner state and not `aborted`.
  throwIfAborted: {
    configurable: true,
    value(this: AbortSignal): void {
      if (this.aborted) throw this.reason;
    },
  },
}) as AbortSignal;

function checked(name: 'aborted' | 'reason'): PropertyDescriptor {
  return {
    configurable: true,
    enumerable: true,
    get(this: AbortSignal): unknown {
      checks.get(this)?.();
      return Reflect.get(AbortSignal.prototype, name, this);
    },
  };
}

function nothing(): void {}
