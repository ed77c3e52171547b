import { Etcd3, EtcdLockFailedError } from 'etcd3';

const client = new Etcd3();

export async function report(): Promise<string | null> {
  try {
    await client
      .lock('report')
      .ttl(10)
      .do(async () => {
        await client.put('report').value('written');
      });
  } catch (error) {
    if (error instanceof EtcdLockFailedError) return null;
  }
  return await client.get('report').string();
}

export async function held(): Promise<void> {
  const lock = client.lock('held');
  await lock.acquire();
  await client.put('held').value(1);
  await lock.release();
}
