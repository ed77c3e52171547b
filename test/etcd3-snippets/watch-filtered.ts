import { Etcd3, type Watcher } from 'etcd3';

class Follower {
  private watcher: Watcher | undefined;
  readonly deleted: string[] = [];

  async start(client: Etcd3): Promise<void> {
    const watcher = await client.watch().inRange({ start: 'a', end: 'c' }).only('delete').create();
    watcher.on('delete', (kv) => {
      this.deleted.push(kv.key.toString());
    });
    watcher.on('end', () => console.log('ended'));
    this.watcher = watcher;
  }

  async stop(): Promise<void> {
    await this.watcher?.cancel();
  }
}

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
const follower = new Follower();
await follower.start(client);
for (const key of ['a', 'b', 'c']) await client.put(key).value(key);
await client.delete().all();
while (follower.deleted.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
console.log(follower.deleted);
await follower.stop();
client.close();
