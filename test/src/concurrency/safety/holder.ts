// node holder.js <endpoint> <ttl> <name>...: takes each lock, prints that it has them all, and holds them until it is killed.
import { createClient } from '@etcdts/core';
import { mutex, openSession } from '@etcdts/concurrency';

const [endpoint = '', ttl = '', ...names] = process.argv.slice(2);
const session = await openSession(createClient({ endpoints: endpoint }), { ttl: Number(ttl) });
for (const name of names) await mutex(session, name).lock();
process.send?.('holds');
