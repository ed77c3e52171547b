// The check of the tests of watches through faults: it compares what was written with what a watch delivered.
import type { WatchResponse, WatchStream } from '@etcdts/core';
import { assert } from '@etcdts/testing';

/** Reads everything that a watch delivers, as fast as it comes. */
export class Recording {
  readonly responses: WatchResponse[] = [];
  events = 0;
  error: unknown;
  ended = false;
  readonly #watch: WatchStream;

  constructor(watch: WatchStream) {
    this.#watch = watch;
    void this.#run();
  }

  /** Fails unless this is the history: each event once, in order, no revision in two responses. */
  assertEquals(history: readonly string[]): void {
    const seen = this.responses.flatMap(({ events }) =>
      events.map(({ type, kv }) => `${kv.modRevision} ${type} ${kv.key.toString()}`),
    );
    const wrong = seen.findIndex((event, i) => event !== history[i]);
    assert.is(wrong, -1, `event ${wrong} is ${seen[wrong]}, not ${history[wrong]}`);
    assert.is(seen.length, history.length);
    let last = 0n;
    for (const { events } of this.responses) {
      const first = events[0]?.kv.modRevision ?? last + 1n;
      assert.ok(first > last, `revision ${first} is in two responses`);
      last = events.at(-1)?.kv.modRevision ?? last;
    }
  }

  async #run(): Promise<void> {
    try {
      for await (const response of this.#watch) {
        this.responses.push(response);
        this.events += response.events.length;
      }
    } catch (error) {
      this.error = error;
    }
    this.ended = true;
  }
}
