// An application that composes its parts with tsyringe; the etcd client gets an interceptor from there, a class with
// dependencies of its own.
//   ETCD_ENDPOINTS=localhost:2379 node examples/injection/dist/application.js
import { compose, endpoints, etcd } from './composition.ts';
import { Greetings } from './greetings.ts';

const application = compose();
application.registerInstance(endpoints, (process.env['ETCD_ENDPOINTS'] ?? 'localhost:2379').split(','));

await using client = application.resolve(etcd);
console.log(`interceptors: ${client.describe().interceptors.join(', ')}`);

const greetings = application.resolve(Greetings);
await greetings.leave('alice', 'good morning');
await greetings.leave('bob', 'good night');
for (const line of await greetings.all()) console.log(line);
await greetings.clear();
