import { backoffMs, type Backoff } from '../backoff.ts';
import type { Clock, Timer } from '../clock.ts';
import { diagnostics } from '../diagnostics.ts';
import { reasonText, serverText } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { isConfidential, type Endpoint } from './endpoints.ts';
import { Health } from './health.ts';
import { TlsSource } from './tls-source.ts';
import type { ConnectFailure, Connection, ConnectionOptions, TlsOptions, Transport } from './transport.ts';

/** The pause between two connections. Half of it is not random, so that an endpoint that refuses is never tried at once. */
const COOL_DOWN: Backoff = { firstMs: 50, longestMs: 5_000, jitter: 0.5 };

/** The parts of a slot. All slots of a client share them. */
export interface SlotParts {
  readonly transport: Transport;
  readonly connection: Omit<ConnectionOptions, 'tls'>;
  readonly tls: TlsOptions | TlsSource | undefined;
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

/** A stream on a slot, which must move when the endpoint is removed. */
export interface Resident {
  evict(reason: string): void;
}

/** One endpoint in the picker: the life of its connections, at most one at a time. */
export class Slot {
  /** The endpoint in its last spelling. A new list may spell the same endpoint in another way. */
  endpoint: Endpoint;
  /** Whether secrets may be sent here. */
  readonly confidential: boolean;
  /** Streams under way; they are evicted when the endpoint is removed. */
  readonly residents: Set<Resident> = new Set();
  readonly #parts: SlotParts;
  readonly #onChange: (slot: Slot) => void;
  #state: 'idle' | 'connecting' | 'ready' | 'closed' = 'idle';
  #connection: Connection | undefined;
  #connectTimer: Timer | undefined;
  #stopLoading: (() => void) | undefined;
  #failure: ConnectFailure | undefined;
  #failures = 0;
  #retryAt = 0;
  #health: Health = new Health();
  #crowdedBefore = false;
  /** When it began to connect, or since when it stands. */
  #since = 0;

  constructor(endpoint: Endpoint, parts: SlotParts, onChange: (slot: Slot) => void) {
    this.endpoint = endpoint;
    this.confidential = isConfidential(endpoint);
    this.#parts = parts;
    this.#onChange = onChange;
  }

  /** The connection, if it can take a call now. */
  get ready(): Connection | undefined {
    return this.#state === 'ready' ? this.#connection : undefined;
  }

  /** Whether calls or streams are under way on it, or it is about to have some. */
  get busy(): boolean {
    return this.#health.busy || this.residents.size > 0 || this.connecting;
  }

  get connecting(): boolean {
    return this.#state === 'connecting';
  }

  /** Why the last attempt to connect failed, until one succeeds. */
  get failure(): ConnectFailure | undefined {
    return this.#failure;
  }

  /** How `describe()` names the state. */
  get state(): 'idle' | 'connecting' | 'ready' | 'failed' {
    if (this.#state === 'ready' || this.#state === 'connecting') return this.#state;
    return this.#failure === undefined ? 'idle' : 'failed';
  }

  /** Whether an attempt in the background is due. */
  dueAt(now: number): boolean {
    return this.#state === 'idle' && now >= this.#retryAt;
  }

  /** The health of the present connection. Calls that are still under way on an earlier one have that one's health. */
  get health(): Health {
    return this.#health;
  }

  /** Starts to connect, unless the slot is connecting or connected. */
  connect(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'connecting';
    this.#since = this.#parts.clock.now();
    const failures = this.#failures;
    if (diagnostics.connect.hasSubscribers) diagnostics.connect.publish({ endpoint: this.#address, failures });
    const { tls } = this.#parts;
    if (!(tls instanceof TlsSource)) return this.#open(tls);
    if (!this.endpoint.secure) return this.#open(undefined);
    this.#stopLoading = tls.load({
      onTls: (options) => this.#open(options),
      onFailure: (failure) => this.#lost(undefined, failure),
    });
  }

  /** Waits for the calls under way, moves the streams, and never connects again. With `now`, it ends everything at once. */
  close(now: boolean): void {
    if (this.#state !== 'idle' && this.#state !== 'closed' && diagnostics.close.hasSubscribers) {
      const connected = this.#state === 'ready';
      diagnostics.close.publish({ endpoint: this.#address, connected, durationMs: this.#elapsed() });
    }
    this.#state = 'closed';
    this.#stopLoading?.();
    this.#connectTimer?.cancel();
    for (const resident of [...this.residents]) resident.evict('the endpoint was removed');
    this.#connection?.close(now);
    this.#connection = undefined;
  }

  #open(tls: TlsOptions | undefined): void {
    let connection: Connection | undefined;
    const failsAfter = (ms: number, failure: ConnectFailure): Timer =>
      // The timer holds the process open, because a call waits for it and a half-open connection holds nothing.
      this.#parts.clock.after(ms, () => this.#lost(connection, failure), true);
    const limit = this.#parts.connectTimeoutMs;
    this.#connectTimer = failsAfter(limit, { details: `no connection within ${limit} ms`, tls: false });
    try {
      connection = this.#parts.transport.connect(this.endpoint, { ...this.#parts.connection, tls });
      this.#connection = connection;
      connection.connect({
        onReady: () => this.#stands(connection),
        onLost: (failure) => this.#lost(connection, failure),
        onCrowded: (limit) => this.#crowded(limit),
      });
    } catch (cause) {
      this.#connectTimer.cancel();
      // It fails later, as any other failure does, because the caller is about to make other slots connect too.
      this.#connectTimer = failsAfter(0, { details: reasonText(cause), tls: false, cause });
    }
  }

  #stands(connection: Connection | undefined): void {
    if (this.#connection !== connection || this.#state !== 'connecting') return;
    this.#connectTimer?.cancel();
    this.#state = 'ready';
    this.#failure = undefined;
    this.#failures = 0;
    this.#health = new Health();
    const endpoint = this.#address;
    const durationMs = this.#elapsed();
    this.#since = this.#parts.clock.now();
    this.#parts.logger.debug(`${endpoint}: connected`, { endpoint, durationMs });
    if (diagnostics.ready.hasSubscribers) diagnostics.ready.publish({ endpoint, durationMs });
    this.#onChange(this);
  }

  /** Logs that calls wait, because the peer allows few streams. Once is enough, as the limit is a setting of the peer. */
  #crowded(limit: number): void {
    const endpoint = this.#address;
    if (diagnostics.waits.hasSubscribers) diagnostics.waits.publish({ for: 'stream', endpoint, limit });
    if (this.#crowdedBefore) return;
    this.#crowdedBefore = true;
    const message = `${endpoint}: calls wait for a stream: the peer allows ${limit} at a time`;
    this.#parts.logger.warn(message, { endpoint, limit });
  }

  #lost(connection: Connection | undefined, failure: ConnectFailure): void {
    if (this.#connection !== connection || this.#state === 'closed') return;
    this.#connectTimer?.cancel();
    const wasReady = this.#state === 'ready';
    // Calls under way on a lost connection may still succeed. A connection that was never ready has none.
    connection?.close(!wasReady);
    this.#connection = undefined;
    this.#state = 'idle';
    if (!wasReady) {
      this.#failure = failure;
      const { clock, random } = this.#parts;
      this.#retryAt = clock.now() + backoffMs(++this.#failures, COOL_DOWN, random);
    }
    this.#report(failure, wasReady);
    this.#onChange(this);
  }

  #report({ details, tls, ...failure }: ConnectFailure, connected: boolean): void {
    const graceful = failure.graceful === true;
    const [endpoint, reason, failures] = [this.#address, serverText(details), this.#failures];
    // A member that is stopped, or a proxy that spreads its clients: that is how it is done.
    this.#parts.logger[graceful ? 'info' : 'warn'](`${endpoint}: ${reason}`, { endpoint, reason });
    if (!diagnostics.lost.hasSubscribers) return;
    diagnostics.lost.publish({ endpoint, reason, connected, graceful, tls, durationMs: this.#elapsed(), failures });
  }

  get #address(): string {
    return this.endpoint.address;
  }

  #elapsed(): number {
    return Math.round(this.#parts.clock.now() - this.#since);
  }
}
