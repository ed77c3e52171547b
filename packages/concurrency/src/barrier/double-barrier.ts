import { EtcdError, type Bytes, type CallOptions } from '@etcdts/core';
import { siteOf, toCount, toKey } from '@etcdts/core/plugin';
import { checkSource, type SessionSource } from '../session-source.ts';
import { beginLimit, beginWait, type Wait } from '../wait.ts';
import { BARRIER, enter, type Entrance, type Inside } from './entrance.ts';
import { leave } from './exit.ts';
import { waitingFor } from './until-event.ts';
import { barrierKeys, type BarrierKeys } from './waiters.ts';

/**
 * One participant of a double barrier: a number of them enter together, and leave together (recipes/double_barrier.go). Each waits for
 * all others, and a participant whose session ends lets the others go on.
 */
export interface DoubleBarrier {
  /**
   * Waits until `count` participants are in. `TOO_MANY_CLIENTS` if as many are. If it rejects, this participant is out; its key is
   * removed in the background. `timeoutMs` is how long to wait, by default without limit. `FAILED_PRECONDITION` if this participant
   * is in, or enters.
   */
  enter(options?: CallOptions): Promise<void>;
  /**
   * Waits until all who were in together leave. If it rejects, this participant has left all the same, so that it holds nobody up, and
   * `leave` may be called again to wait for the others. `timeoutMs` is how long to wait, by default without limit.
   * `FAILED_PRECONDITION` if this participant is not in, or leaves.
   */
  leave(options?: CallOptions): Promise<void>;
}

/**
 * Makes a participant of a double barrier for `count` of them, which share its keys with programs over clientv3. A session may have
 * several participants. Sends nothing.
 */
export function doubleBarrier(session: SessionSource, key: Bytes, count: number): DoubleBarrier {
  checkSource(session);
  const participant = new Participant(session, barrierKeys(toKey(key, 'key')), toCount(count, 'count', 1));
  return {
    enter: (options) => participant.enter(options),
    leave: (options) => participant.leave(options),
  };
}

/** A participant that has entered. */
interface Stay {
  readonly entrance: Entrance;
  readonly inside: Inside;
  readonly state: Wait['state'];
}

class Participant {
  readonly #source: SessionSource;
  readonly #keys: BarrierKeys;
  readonly #count: number;
  #stay: Stay | undefined;
  /** What it does at present. */
  #busy: 'enters' | 'leaves' | undefined;

  constructor(source: SessionSource, keys: BarrierKeys, count: number) {
    this.#source = source;
    this.#keys = keys;
    this.#count = count;
  }

  async enter(options: CallOptions | undefined): Promise<void> {
    // With its session, a participant is out.
    if (this.#stay?.state.signal.aborted === true && this.#busy === undefined) this.#stay = undefined;
    if (this.#busy !== undefined) throw refused(`it ${this.#busy}`);
    if (this.#stay !== undefined) throw refused('it is in: leave first');
    await this.#while('enters', async () => {
      const wait = await beginWait(this.#source, options, BARRIER);
      try {
        const entrance = { ...this.#keys, own: this.#ownKey(wait), count: this.#count };
        this.#stay = { entrance, inside: await enter(entrance, wait), state: wait.state };
      } finally {
        wait.end();
      }
    });
  }

  async leave(options: CallOptions | undefined): Promise<void> {
    const stay = this.#stay;
    if (this.#busy !== undefined) throw refused(`it ${this.#busy}`);
    if (stay === undefined) throw refused('it is not in: enter first');
    const { state, inside, entrance } = stay;
    await this.#while('leaves', async () => {
      const wait = { ...beginLimit(state.client, options, [state.signal], BARRIER), state };
      try {
        await waitingFor('the others did not leave', wait, () => leave(entrance, inside, wait));
        this.#stay = undefined;
      } catch (error) {
        inside.tenure.giveUp(error);
        throw error;
      } finally {
        wait.end();
      }
    });
  }

  /** A key that no other participant has, also not another one of the session. */
  #ownKey({ state: { client, lease } }: Wait): Buffer {
    const { random } = siteOf(client);
    const unique = `${lease.toString(16)}-${Math.floor(random() * 2 ** 48).toString(16)}`;
    return Buffer.concat([this.#keys.waiters, Buffer.from(unique)]);
  }

  async #while(busy: 'enters' | 'leaves', work: () => Promise<void>): Promise<void> {
    this.#busy = busy;
    try {
      await work();
    } finally {
      this.#busy = undefined;
    }
  }
}

function refused(why: string): EtcdError {
  const message = `this participant of the barrier cannot do that: ${why}`;
  return new EtcdError({ code: 'FAILED_PRECONDITION', message, outcome: 'not-applied' });
}
