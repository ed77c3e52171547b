import type { KeyValue } from '@etcdts/core';
import type { Change, Follow } from '@etcdts/cache';
import { assert } from '@etcdts/testing';

/** A reader of a followed range, which keeps it as a map and checks that nothing is given twice, out of order or split. */
export class Followed {
  readonly changes: Change[] = [];
  /** The range by key, as of `revision`. */
  state: Map<string, string> = new Map();
  revision = 0n;
  restarts = 0;
  ended = false;
  error: unknown;
  #base: Map<string, string> = new Map();
  #lastKey = '';
  readonly #reading: Promise<void>;

  constructor(follow: Follow, onChange: (change: Change) => void | Promise<void> = () => {}) {
    this.#reading = this.#read(follow, onChange);
  }

  /** Resolves when the iteration has ended, however it did. */
  end(): Promise<void> {
    return this.#reading;
  }

  async #read(follow: Follow, onChange: (change: Change) => void | Promise<void>): Promise<void> {
    try {
      for await (const change of follow) {
        this.changes.push(change);
        this.#apply(change);
        await onChange(change);
      }
    } catch (error) {
      this.error = error;
    }
    this.ended = true;
  }

  #apply(change: Change): void {
    switch (change.type) {
      case 'page':
        for (const kv of change.kvs) this.#add(kv);
        return;
      case 'synced':
        [this.state, this.#base, this.#lastKey] = [this.#base, new Map(), ''];
        this.revision = change.revision;
        return;
      case 'restart':
        [this.#base, this.#lastKey, this.revision] = [new Map(), '', 0n];
        this.restarts += 1;
        return;
      case 'bookmark':
        assert.ok(change.revision >= this.revision, 'a bookmark goes back');
        this.revision = change.revision;
        return;
      case 'events':
        for (const { type, kv } of change.events) {
          assert.ok(kv.modRevision > this.revision, `revision ${kv.modRevision} after ${this.revision}`);
          if (type === 'put') this.state.set(kv.key.toString(), kv.text());
          else assert.ok(this.state.delete(kv.key.toString()), 'a key is deleted that is not there');
        }
        this.revision = change.revision;
    }
  }

  #add(kv: KeyValue): void {
    const key = kv.key.toString();
    assert.ok(key > this.#lastKey, `${key} after ${this.#lastKey}`);
    this.#lastKey = key;
    this.#base.set(key, kv.text());
  }
}
