import { op, type EtcdOperations, type KeyValue } from '@etcdts/core';
import { priorityQueue, queue, type Delivery } from '@etcdts/queue';
import { assert, eventually, rejects, type Suite } from '@etcdts/testing';

interface Context {
  readonly client: EtcdOperations;
}

/** A queue as the ports of clientv3's tests use it. */
interface Texts {
  enqueue(text: string): Promise<unknown>;
  dequeue(): Promise<string>;
}

const CLIENTS = 3;
const ITEMS = 2;
let names = 0;

/** A name that no other test uses. */
export function freshName(): string {
  return `queues/${++names}-${process.pid}`;
}

/** What both kinds of queue promise without faults, on any etcd and through any transparent plugin. */
export function queueContract(test: Suite, context: () => Context): void {
  const fifo = (name: string): Texts => {
    const one = queue(context().client, name);
    return { enqueue: (text) => one.enqueue(text), dequeue: async () => (await one.dequeue()).text() };
  };
  const byPriority = (name: string): Texts => {
    const one = priorityQueue(context().client, name);
    return {
      enqueue: (text) => one.enqueue(text, Math.floor(Math.random() * 2)),
      dequeue: async () => (await one.dequeue()).text(),
    };
  };

  /** Many writers and many readers (v3_queue_test.go `testReadersWriters`): nothing is lost and nothing is read twice. */
  async function readersWriters(make: (name: string) => Texts, readers: number, writers: number): Promise<void> {
    const name = freshName();
    const written: string[] = [];
    const read: string[] = [];
    const total = writers * ITEMS;
    let reads = 0;
    const write = async (writer: number): Promise<void> => {
      const one = make(name);
      for (let i = 0; i < ITEMS; i++) {
        written.push(`${writer}-${i}`);
        await one.enqueue(`${writer}-${i}`);
      }
    };
    const readAll = async (): Promise<void> => {
      const one = make(name);
      while (++reads <= total) read.push(await one.dequeue());
    };
    await Promise.all([
      ...Array.from({ length: writers }, (_, i) => write(i)),
      ...Array.from({ length: readers }, readAll),
    ]);
    assert.equal(read.toSorted(), written.toSorted());
  }

  test('QU-02 TestQueueOneReaderOneWriter: items are read in the order in which they were added', async () => {
    const name = freshName();
    const writing = (async () => {
      const writer = fifo(name);
      for (let i = 0; i < 5; i++) await writer.enqueue(String(i));
    })();
    const reader = fifo(name);
    for (let i = 0; i < 5; i++) assert.is(await reader.dequeue(), String(i));
    await writing;
  });

  test('QU-05 TestQueueManyReaderOneWriter: each item is read once', () => readersWriters(fifo, CLIENTS, 1));
  test('QU-05 TestQueueOneReaderManyWriter: each item is read once', () => readersWriters(fifo, 1, CLIENTS));
  test('QU-05 TestQueueManyReaderManyWriter: each item is read once', () => readersWriters(fifo, CLIENTS, CLIENTS));
  test('QU-06 TestPrQueueManyReaderManyWriter: each item is read once', () =>
    readersWriters(byPriority, CLIENTS, CLIENTS));

  test('QU-06 RE-04 TestPrQueueOneReaderOneWriter: lower priorities first, equal ones in order', async () => {
    const one = priorityQueue(context().client, freshName());
    const added: [priority: number, index: number][] = [];
    for (let i = 0; i < 20; i++) {
      const priority = [2, 0, 65_535, 1, 10][Math.floor(Math.random() * 5)] as number;
      added.push([priority, i]);
      await one.enqueue(`${priority} ${i}`, priority);
    }
    const expected = added.toSorted(([a, i], [b, j]) => a - b || i - j).map(([priority, i]) => `${priority} ${i}`);
    const read: string[] = [];
    for (let i = 0; i < 20; i++) read.push((await one.dequeue()).text());
    assert.equal(read, expected);
    assert.is(await one.tryDequeue(), undefined);
  });

  test('QU-01 RE-03 a queue takes no item of a queue whose name begins with its own', async () => {
    const { client } = context();
    const name = freshName();
    const own = queue(client, name);
    for (const other of [`${name}2`, `${name}/low`, `${name}/2`]) await queue(client, other).enqueue(other);
    for (let i = 0; i < 7; i++) await queue(client, `${name}/3`).enqueue('of another');
    await priorityQueue(client, name).enqueue('by priority', 3);
    assert.is(await own.tryDequeue(), undefined);
    await own.enqueue('own');
    assert.is((await own.tryDequeue())?.text(), 'own');
    assert.is((await queue(client, `${name}/2`).tryDequeue())?.text(), `${name}/2`);
    assert.is((await priorityQueue(client, name).tryDequeue())?.text(), 'by priority');
  });

  test('QU-02 the order is that of the create revisions, not that of the keys', async () => {
    const { client } = context();
    const name = freshName();
    await client.kv.put(`${name}/900`, 'first');
    await client.kv.put(`${name}/100`, 'second');
    const one = queue(client, name);
    assert.is((await one.dequeue()).text(), 'first');
    assert.is((await one.dequeue()).text(), 'second');
  });

  test('QU-01 what enqueue returns is the key and the create revision of the item', async () => {
    const { client } = context();
    const one = queue(client, freshName());
    const { key, revision } = await one.enqueue(Buffer.from([0, 255]));
    const { kvs } = await client.kv.get(key);
    assert.is(kvs[0]?.createRevision, revision);
    const item = (await one.tryDequeue()) as KeyValue;
    assert.equal([item.key, item.createRevision, item.value], [key, revision, Buffer.from([0, 255])]);
    assert.is((await client.kv.get(key)).count, 0);
  });

  test('QU-06 RE-04 a number of a priority is not given twice while its items wait', async () => {
    const { client } = context();
    const name = freshName();
    const one = priorityQueue(client, name);
    await Promise.all(Array.from({ length: 20 }, () => priorityQueue(client, name).enqueue('x', 7)));
    const { kvs } = await client.kv.get(`${name}/`, { prefix: true });
    assert.equal(
      kvs.map(({ key }) => key.toString()),
      Array.from({ length: 20 }, (_, i) => `${name}/00007/${String(i).padStart(16, '0')}`),
    );
    assert.is((await client.kv.get(`__${name}/00007`)).count, 1);
    for (let i = 0; i < 20; i++) await one.dequeue();
  });

  test('QU-05 an item that was received is not taken by dequeue, and is gone when it is acknowledged', async () => {
    const { client } = context();
    const name = freshName();
    const one = queue(client, name);
    const { key, revision } = await one.enqueue('work');
    await using worker = one.receiver();
    const delivery = await worker.receive();
    assert.equal([delivery.key, delivery.revision, delivery.text(), delivery.attempts], [key, revision, 'work', 1]);
    assert.is(await one.tryDequeue(), undefined);
    await using other = one.receiver();
    assert.is(await other.tryReceive(), undefined);
    assert.not(delivery.signal.aborted);
    assert.ok((await client.kv.txn({ if: [delivery.isOwner()], then: [op.get('x')] })).succeeded);
    const acking = delivery.ack();
    assert.is(delivery.ack(), acking);
    await acking;
    assert.ok(delivery.signal.aborted);
    await delivery.release();
    assert.not((await client.kv.txn({ if: [delivery.isOwner()], then: [op.get('x')] })).succeeded);
    await worker.close();
    assert.is(await one.tryDequeue(), undefined);
  });

  test('QU-05 what is written with an acknowledgement is written once, and only by the holder', async () => {
    const { client } = context();
    const name = freshName();
    const one = queue(client, name);
    await one.enqueue('work');
    const { id } = await client.lease.grant(60);
    await using paused = one.receiver({ lease: id });
    const early = await paused.receive();
    await client.lease.revoke(id);
    await using worker = one.receiver();
    const delivery = await worker.receive();
    await rejects(early.ack({ then: [op.put(`${name}-done`, 'early')] }), { code: 'LOCK_LOST' });
    await rejects(delivery.ack({ then: ['no operation'] as never }), /^INVALID_ARGUMENT: then\[0\] is no operation/);
    await delivery.ack({ then: [op.put(`${name}-done`, 'done')] });
    const { kvs } = await client.kv.get(`${name}-done`);
    assert.equal([kvs[0]?.text(), kvs[0]?.version], ['done', 1]);
  });

  test('QU-05 an item that is given back is the next one, with one attempt more, and wakes who waits', async () => {
    const { client } = context();
    const one = queue(client, freshName());
    for (const text of ['a', 'b', 'c']) await one.enqueue(text);
    await using worker = one.receiver();
    const a = await worker.receive();
    const b = await worker.receive();
    await using other = one.receiver();
    const c = await other.receive();
    const waiting = other.receive();
    await b.release();
    assert.ok(b.signal.aborted);
    const again = await waiting;
    assert.equal([again.text(), again.attempts, again.revision], ['b', 2, b.revision]);
    await rejects(b.ack(), { code: 'LOCK_LOST', outcome: 'not-applied' });
    assert.is(b.ack(), b.ack());
    await again.release();
    const third = await other.receive();
    assert.equal([third.text(), third.attempts], ['b', 3]);
    await third.release();
    await a.release();
    const order: string[] = [];
    await one.enqueue('d');
    for (let i = 0; i < 3; i++) order.push((await one.dequeue()).text());
    assert.equal(order, ['a', 'b', 'd']);
    await c.ack();
  });

  test('QU-05 QU-06 items of a priority queue keep their place when they come back', async () => {
    const one = priorityQueue(context().client, freshName());
    await one.enqueue('5 first', 5);
    await one.enqueue('5 second', 5);
    await using worker = one.receiver();
    const held = [await worker.receive(), await worker.receive()];
    await one.enqueue('5 third', 5);
    await one.enqueue('1', 1);
    for (const one of held) await one.release();
    const order: string[] = [];
    for (let i = 0; i < 4; i++) {
      const delivery = await worker.receive();
      order.push(delivery.text());
      await delivery.ack();
    }
    assert.equal(order, ['1', '5 first', '5 second', '5 third']);
  });

  test('QU-05 a closed receiver gives back everything at once, and refuses', async () => {
    const { client } = context();
    const one = queue(client, freshName());
    for (let i = 0; i < 10; i++) await one.enqueue(String(i));
    const worker = one.receiver({ ttl: 600 });
    const held: Delivery[] = [];
    for (let i = 0; i < 9; i++) held.push(await worker.receive());
    await (held[3] as Delivery).ack();
    const last = await worker.receive();
    const waiting = worker.receive();
    const looped = (async () => {
      for await (const delivery of worker.deliveries()) held.push(delivery);
    })();
    const closing = worker.close();
    assert.is(worker.close(), closing);
    await rejects(waiting, { code: 'SESSION_ENDED' });
    await looped;
    await closing;
    assert.ok(last.signal.aborted);
    await rejects(last.ack(), { code: 'LOCK_LOST' });
    await last.release();
    await rejects(worker.receive(), { code: 'SESSION_ENDED' });
    await rejects(worker.tryReceive(), { code: 'SESSION_ENDED' });
    const order: string[] = [];
    for (let i = 0; i < 9; i++) order.push((await one.dequeue()).text());
    assert.equal(order, ['0', '1', '2', '4', '5', '6', '7', '8', '9']);
  });

  test('QU-05 a receiver on an adopted lease gives its items back when it is closed, and leaves the lease', async () => {
    const { client } = context();
    const one = queue(client, freshName());
    await one.enqueue('x');
    const { id } = await client.lease.grant(60);
    const worker = one.receiver({ lease: id });
    const delivery = await worker.receive();
    await worker.close();
    assert.ok(delivery.signal.aborted);
    assert.is((await one.tryDequeue())?.text(), 'x');
    assert.ok((await client.lease.timeToLive(id)).ttl > 0);
    await client.lease.revoke(id);
    await one.enqueue('y');
    await using gone = one.receiver({ lease: id });
    await rejects(gone.receive(), { code: 'LEASE_NOT_FOUND' });
    assert.is((await one.tryDequeue())?.text(), 'y');
  });

  test('QU-05 items of a lease that is revoked are given to another; its acks fail', async () => {
    const { client } = context();
    const one = queue(client, freshName());
    for (const text of ['a', 'b']) await one.enqueue(text);
    const { id } = await client.lease.grant(60);
    await using worker = one.receiver({ lease: id });
    const mine = [await worker.receive(), await worker.receive()];
    await using other = one.receiver();
    const waiting = other.receive();
    await client.lease.revoke(id);
    const theirs = await waiting;
    assert.equal([theirs.text(), theirs.attempts], ['a', 2]);
    assert.ok(mine.every(({ signal }) => signal.aborted));
    for (const one of mine) {
      await rejects(one.ack(), { code: 'LOCK_LOST' });
      // It releases nothing of the one that has it now.
      await one.release();
    }
    await theirs.ack();
    assert.is((await one.dequeue()).text(), 'b');
  });

  test('QU-05 an item whose claim somebody has deleted is not acknowledged by who had it', async () => {
    const { client } = context();
    const name = freshName();
    const one = queue(client, name);
    await one.enqueue('x');
    await using worker = one.receiver();
    const mine = await worker.receive();
    await client.kv.delete(`__${name}/held/claims/`, { prefix: true });
    await using other = one.receiver();
    const theirs = await other.receive();
    await rejects(mine.ack(), { code: 'LOCK_LOST', outcome: 'not-applied' });
    assert.ok(mine.signal.aborted);
    await theirs.ack();
  });

  test('QU-07 an abort, a deadline and a closed iteration end a wait, and no item is lost', async () => {
    const { client } = context();
    const one = queue(client, freshName());
    await using worker = one.receiver();
    await rejects(one.dequeue({ timeoutMs: 30 }), { code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' });
    await rejects(worker.receive({ timeoutMs: 30 }), { code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' });
    const reason = new Error('enough');
    for (const start of [one.dequeue, worker.receive, one.tryDequeue, worker.tryReceive]) {
      const controller = new AbortController();
      const aborted = start({ signal: controller.signal });
      controller.abort(reason);
      assert.is(await aborted.catch((error: unknown) => error), reason);
      assert.is(await start({ signal: controller.signal }).catch((error: unknown) => error), reason);
    }
    const iterator = one[Symbol.asyncIterator]();
    const next = iterator.next();
    await iterator.return?.();
    assert.ok((await next).done);
    await one.enqueue('kept');
    for await (const item of one) {
      assert.is(item.text(), 'kept');
      break;
    }
  });

  test('QU-04 of many who wait for one item one is given it, and the others wait on', async () => {
    const { client } = context();
    const name = freshName();
    const controller = new AbortController();
    const ended: string[] = [];
    const waiting = Array.from({ length: 20 }, async () => {
      const item = await queue(client, name).dequeue({ signal: controller.signal });
      ended.push(item.text());
    });
    const settled = Promise.allSettled(waiting);
    await queue(client, name).enqueue('one');
    await eventually(() => ended.length === 1);
    await queue(client, name).enqueue('two');
    await eventually(() => ended.length === 2);
    controller.abort();
    await settled;
    assert.equal(ended, ['one', 'two']);
  });

  test('an item that was enqueued with a lease goes with it', async () => {
    const { client } = context();
    const one = queue(client, freshName());
    const { id } = await client.lease.grant(60);
    await one.enqueue('short-lived', { lease: id });
    await client.lease.revoke(id);
    assert.is(await one.tryDequeue(), undefined);
  });
}
