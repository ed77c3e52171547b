import type { ResponseHeader, WatchEvent, WatchStream } from '@etcdts/core';
import { eventually } from '@etcdts/testing';
import { say } from './stage.ts';

const PATIENCE_MS = 15_000;

/** Follows a watch in the background, keeps every event, and shows each to `tell`. */
export class Observer {
  readonly events: WatchEvent[] = [];
  readonly #watch: WatchStream;
  readonly #end: Promise<void>;

  constructor(watch: WatchStream, tell: (event: WatchEvent) => void = () => {}) {
    this.#watch = watch;
    this.#end = this.#follow(tell);
    this.#end.catch(() => {});
  }

  /** Settles when etcd has registered the watch: it sees whatever is written from then on. */
  get created(): Promise<ResponseHeader> {
    return this.#watch.created;
  }

  /** Waits until so many events have come; rejects when the watch fails. */
  async reaches(count: number): Promise<void> {
    const describe = (): string => `the watch sees ${count} events, and not ${this.events.length}`;
    const all = eventually(() => this.events.length >= count, { timeoutMs: PATIENCE_MS, describe });
    await Promise.race([all, this.#end]);
  }

  cancel(): Promise<void> {
    return this.#watch.cancel();
  }

  async #follow(tell: (event: WatchEvent) => void): Promise<void> {
    for await (const event of this.#watch.events()) {
      tell(event);
      this.events.push(event);
    }
  }
}

/** Says how a key came, changed or went. */
export function sayEvent(event: WatchEvent): void {
  const key = event.kv.key.toString();
  if (event.type === 'delete') say('watcher', `- ${key} is gone`);
  else
    say('watcher', `${event.isCreate ? '+' : '~'} ${key} ${event.isCreate ? 'came' : 'changed'}: ${event.kv.text()}`);
}
