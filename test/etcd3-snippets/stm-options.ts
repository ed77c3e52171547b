import { Etcd3, STMConflictError, type SoftwareTransaction } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
await client.if('n', 'Create', '==', 0).then(client.put('n').value(1), client.put('old').value('gone soon')).commit();

async function increment(tx: SoftwareTransaction): Promise<number> {
  const n = (await tx.get('n').number()) ?? 0;
  await tx.put('n').value(n + 1);
  return n + 1;
}

const result = await client.stm({ retries: 5, prefetch: ['n'] }).transact(async (tx) => {
  await tx.delete().key('old');
  const missing = await tx.get('nothing').string();
  return [await increment(tx), missing];
});
console.log(result, await client.getAll().strings());

try {
  await client.stm({ retries: 0 }).transact(async (tx) => {
    await increment(tx);
    await client.put('n').value(10); // somebody else's write
  });
} catch (error) {
  console.log('a conflict:', error instanceof STMConflictError);
}
console.log(await client.get('n').number());
client.close();
