import type { Etcd3, Namespace } from 'etcd3';

export interface Store<T> {
  save(id: string, value: T): Promise<void>;
  load(id: string): Promise<T | null>;
  count(): Promise<number>;
  names(): Promise<string[]>;
  removeAll(): Promise<void>;
}

/** Documents below a prefix. */
export function store<T>(client: Etcd3, prefix: string): Store<T> {
  const space: Namespace = client.namespace(`${prefix}data/`);
  return {
    async save(id, value) {
      await space.put(id).value(JSON.stringify(value));
    },
    load: async (id) => (await space.get(id).json()) as T | null,
    count: () => space.getAll().count(),
    async names() {
      return Object.entries(await space.getAll().json()).map(([id, { name }]: [string, any]) => `${id}: ${name}`);
    },
    async removeAll() {
      await space.delete().all();
    },
  };
}
