import type { Clock, KeepaliveTimes, Timer } from '@etcdts/core/plugin';

/** The functions that a keepalive calls on its connection. */
export interface KeepaliveOwner {
  sendPing(): void;
  /** The peer has sent nothing at all since a ping, for the time that it has. */
  onSilence(): void;
}

/**
 * Pings a silent peer, and reports one that does not answer. A ping is due after `timeMs` without any byte from the peer while calls
 * are under way; the peer is lost if none follows within `timeoutMs`. Any byte shows that it lives.
 */
export class Keepalive {
  readonly #times: KeepaliveTimes;
  readonly #clock: Clock;
  readonly #owner: KeepaliveOwner;
  /** When the last bytes came. */
  #heardAt: number;
  /** When the calls began that are under way; `undefined` while there are none. */
  #busySince: number | undefined;
  #probing = false;
  #timer: Timer | undefined;

  /** Begins with a connection that is ready and has no calls. */
  constructor(times: KeepaliveTimes, clock: Clock, owner: KeepaliveOwner) {
    this.#times = times;
    this.#clock = clock;
    this.#owner = owner;
    this.#heardAt = clock.now();
    if (times.permitWithoutCalls) this.#wait(times.timeMs);
  }

  /** Called for each read from the socket. */
  heard(): void {
    this.#heardAt = this.#clock.now();
    if (!this.#probing) return;
    this.#probing = false;
    this.#timer?.cancel();
    this.#wait(this.#times.timeMs);
  }

  /** Called when calls begin while there were none, and when the last one has ended. */
  busy(busy: boolean): void {
    this.#busySince = busy ? this.#clock.now() : undefined;
    // A timer that runs already looks again itself.
    if (busy && this.#timer === undefined) this.#wait(this.#times.timeMs);
  }

  stop(): void {
    this.#probing = false;
    this.#timer?.cancel();
  }

  #wait(ms: number): void {
    this.#timer = this.#clock.after(ms, () => this.#look());
  }

  #look(): void {
    this.#timer = undefined;
    const since = this.#times.permitWithoutCalls ? 0 : this.#busySince;
    if (since === undefined) return;
    const left = Math.max(this.#heardAt, since) + this.#times.timeMs - this.#clock.now();
    if (left > 0) return this.#wait(left);
    this.#probing = true;
    this.#owner.sendPing();
    this.#timer = this.#clock.after(this.#times.timeoutMs, () => {
      // After a stalled event loop, the answer may wait unread: timers run before sockets are read.
      this.#clock.afterReading(() => {
        if (this.#probing) this.#owner.onSilence();
      });
    });
  }
}
