import type { Clock, Timer } from '../clock.ts';
import { describe } from '../describe.ts';
import { invalidArgument, reasonText } from '../errors.ts';
import { checkKnown, optionTable, type OptionChecks, type OptionTable } from '../known-options.ts';
import type { Logger } from '../logger.ts';
import { secureContextOf } from './tls.ts';
import type { ConnectFailure, TlsLoader, TlsOptions } from './transport.ts';

/** The names of the TLS options. */
export const TLS_OPTIONS: OptionTable = optionTable({
  ca: true,
  cert: true,
  key: true,
  serverName: 'string',
  insecureSkipVerify: 'boolean',
  load: true,
} satisfies OptionChecks<TlsLoader | TlsOptions> & OptionChecks<TlsLoader>);

/** The parts of a source of TLS options. */
export interface TlsSourceParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long `load` may take. */
  readonly timeoutMs: number;
}

/** Receives TLS options, or the reason why there are none. */
export interface TlsReceiver {
  onTls(options: TlsOptions): void;
  onFailure(failure: ConnectFailure): void;
}

/** Whether TLS options are given by a function. */
export function isLoader(tls: TlsOptions | TlsLoader): tls is TlsLoader {
  return 'load' in tls && tls.load !== undefined;
}

/**
 * The TLS options of a client with `tls.load`, which it loads for each new connection. If a load fails, takes too long or
 * returns unreadable options, that is logged and the last good options are used.
 */
export class TlsSource {
  readonly #loader: TlsLoader;
  readonly #parts: TlsSourceParts;
  #loads = 0;
  #last: { readonly load: number; readonly options: TlsOptions } | undefined;

  constructor(loader: TlsLoader, parts: TlsSourceParts) {
    this.#loader = loader;
    this.#parts = parts;
  }

  /** The last good options; `undefined` before the first load has ended well. */
  get last(): TlsOptions | undefined {
    return this.#last?.options;
  }

  /** Loads the options, then calls the receiver once, later. Returns a function that stops the wait. */
  load(receiver: TlsReceiver): () => void {
    const load = ++this.#loads;
    const { clock, timeoutMs } = this.#parts;
    let waiting = true;
    const settle = (failure: unknown): void => {
      if (!waiting) return;
      stop();
      if (failure !== undefined) this.#fail(failure, receiver);
      else receiver.onTls((this.#last as { options: TlsOptions }).options);
    };
    // The timer holds the process open, because a call waits for the connection and `load` may hold nothing.
    const timer: Timer = clock.after(timeoutMs, () => settle(new Error(`it took more than ${timeoutMs} ms`)), true);
    const stop = (): void => {
      waiting = false;
      timer.cancel();
    };
    // The promise makes a function that throws fail like one that rejects.
    new Promise<TlsOptions>((resolve) => resolve(this.#loader.load())).then(
      (loaded) => {
        try {
          this.#keep(load, this.#merged(loaded));
        } catch (error) {
          return settle(error);
        }
        settle(undefined);
      },
      (reason: unknown) => settle(reason ?? new Error('it rejected without a reason')),
    );
    return stop;
  }

  /** The loaded options, completed by the options beside `load`. */
  #merged(loaded: TlsOptions): TlsOptions {
    if (typeof loaded !== 'object' || loaded === null) {
      throw invalidArgument('tls.load', `must return TLS options, not ${describe(loaded)}`);
    }
    checkKnown(loaded, TLS_OPTIONS, 'tls');
    const { ca, cert, key } = loaded;
    const serverName = loaded.serverName ?? this.#loader.serverName;
    const insecureSkipVerify = loaded.insecureSkipVerify ?? this.#loader.insecureSkipVerify;
    const options = { ca, cert, key, serverName, insecureSkipVerify };
    secureContextOf(options);
    return options;
  }

  /** Keeps good options, even if they come too late for the connection that they were loaded for. */
  #keep(load: number, options: TlsOptions): void {
    if (this.#last === undefined || this.#last.load < load) this.#last = { load, options };
  }

  #fail(failure: unknown, receiver: TlsReceiver): void {
    const reason = reasonText(failure);
    if (this.#last !== undefined) {
      this.#parts.logger.warn(`tls.load failed: ${reason}; the last good TLS options stay in use`, { reason });
      return receiver.onTls(this.#last.options);
    }
    receiver.onFailure({ details: `tls.load failed: ${reason}`, tls: true, cause: failure });
  }
}
