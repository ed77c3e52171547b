// A process that receives items: node worker.js <endpoint> <queue> <ttl> <items>. It prints `held` and the texts, then does what it
// is given on stdin: `ack` acknowledges all, and prints for each whether its signal was aborted before, and how the ack ended.
import { createInterface } from 'node:readline';
import { createClient, isEtcdError } from '@etcdts/core';
import { queue, type Delivery } from '@etcdts/queue';

const [endpoint = '', name = '', ttl = '', items = ''] = process.argv.slice(2);
const client = createClient({ endpoints: endpoint });
const worker = queue(client, name).receiver({ ttl: Number(ttl) });
const held: Delivery[] = [];
for (let i = 0; i < Number(items); i++) held.push(await worker.receive());
console.log(`held ${held.map((delivery) => delivery.text()).join(' ')}`);

for await (const line of createInterface(process.stdin)) {
  if (line !== 'ack') break;
  const endings = await Promise.all(
    held.map(async (delivery) => {
      const { aborted } = delivery.signal;
      const ending = await delivery.ack().then(
        () => 'acknowledged',
        (error: unknown) => (isEtcdError(error) ? error.code : String(error)),
      );
      return `${aborted ? 'aborted' : 'open'}:${ending}`;
    }),
  );
  console.log(endings.join(' '));
}
await worker.close();
await client.close();
