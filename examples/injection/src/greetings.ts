import type { EtcdOperations } from '@etcdts/core';

const PREFIX = 'injection/greetings/';

/** A service of the application: it gets a client, and knows neither of containers nor of journals. */
export class Greetings {
  readonly #etcd: EtcdOperations;

  constructor(etcd: EtcdOperations) {
    this.#etcd = etcd;
  }

  async leave(name: string, text: string): Promise<void> {
    await this.#etcd.kv.put(`${PREFIX}${name}`, text, { actor: name });
  }

  async all(): Promise<string[]> {
    const { kvs } = await this.#etcd.kv.get(PREFIX, { prefix: true });
    return kvs.map((kv) => `${kv.key.toString().slice(PREFIX.length)} says ${kv.text()}`);
  }

  async clear(): Promise<void> {
    await this.#etcd.kv.delete(PREFIX, { prefix: true });
  }
}
