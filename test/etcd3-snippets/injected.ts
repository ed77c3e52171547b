import { store } from './shared/store.ts';
import { open } from './shared/connection.ts';

const client = open();
const users = store(client, 'users/');
await users.save('1', { name: 'Ann' });
await users.save('2', { name: 'Bob' });
console.log(await users.load('1'), await users.load('3'), await users.count());
console.log(await users.names());
await users.removeAll();
console.log(await users.count());
client.close();
