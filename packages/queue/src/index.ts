/**
 * `@etcdts/queue` has queues in etcd: first in, first out, and by priority. It shares its keys with clientv3's recipes.
 *
 * Create a queue on a client or a namespace, and add items:
 *
 *     const jobs = queue(client, 'jobs');
 *     await jobs.enqueue('resize 7.png');
 *
 * Work on them. An item comes back unless it is acknowledged:
 *
 *     const worker = jobs.receiver();
 *     for await (const delivery of worker.deliveries({ signal })) {
 *       await resize(delivery.text(), delivery.signal);
 *       await delivery.ack();
 *     }
 *     await worker.close();
 *
 * Or take them out at once, so that an item is lost with the process that took it: `await jobs.dequeue()`.
 *
 * @module
 *
 * @packageDocumentation
 */
export { queue, type Queue } from './queue.ts';
export { priorityQueue, type PriorityQueue } from './priority-queue.ts';
export type { Enqueued, EnqueueOptions } from './enqueuing.ts';
export type { ItemSource } from './item-source.ts';
export type { Receiver, ReceiverOptions } from './receiver.ts';
export type { AckOptions, Delivery } from './delivery.ts';
