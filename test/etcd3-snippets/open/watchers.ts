import { Etcd3 } from 'etcd3';

const client = new Etcd3();

export async function once(): Promise<string> {
  const watcher = await client.watch().key('foo').create();
  const value = await new Promise<string>((resolve) => {
    watcher.once('put', (kv) => resolve(kv.value.toString()));
  });
  await watcher.cancel();
  return value;
}

export async function apart(): Promise<void> {
  const watcher = await client.watch().prefix('foo').create();
  watcher.on('put', (kv) => console.log(kv.key.toString()));
  await client.put('foo').value('bar');
  watcher.on('delete', (kv) => console.log(kv.key.toString()));
}

export async function early(): Promise<void> {
  const watcher = client.watch().key('foo').watcher();
  console.log(watcher.id);
}
