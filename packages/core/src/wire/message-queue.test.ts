import { assert, rejects, suite } from '@etcdts/testing';
import { MessageQueue } from './message-queue.ts';

const test = suite('message queue');

function queue(): { readonly queue: MessageQueue<number>; readonly log: string[] } {
  const log: string[] = [];
  return { queue: new MessageQueue<number>({ pull: () => log.push('pull'), leave: () => log.push('leave') }), log };
}

test('an iterator requests one message for each next()', async () => {
  const { queue: q, log } = queue();
  const iterator = q[Symbol.asyncIterator]();
  assert.equal(log, []);
  const first = iterator.next();
  const second = iterator.next();
  assert.equal(log, ['pull', 'pull']);
  q.push(1);
  q.push(2);
  assert.equal(await Promise.all([first, second]), [
    { value: 1, done: false },
    { value: 2, done: false },
  ]);
});

test('what came unasked is kept, in order, and is read before the end', async () => {
  const { queue: q, log } = queue();
  q.push(1);
  q.push(2);
  q.end();
  const seen: number[] = [];
  for await (const message of q) seen.push(message);
  assert.equal(seen, [1, 2]);
  assert.equal(log, []);
});

test('a failure is thrown once, after what came before it; then the reading is over', async () => {
  const { queue: q } = queue();
  const reason = new Error('gone');
  q.push(1);
  q.fail(reason);
  q.fail(new Error('again'));
  q.end();
  const iterator = q[Symbol.asyncIterator]();
  assert.equal(await iterator.next(), { value: 1, done: false });
  assert.is(await rejects(iterator.next()), reason);
  assert.equal(await iterator.next(), { value: undefined, done: true });
});

test('the end and a failure reach everyone who waits; the failure only the first', async () => {
  const ended = queue().queue;
  const iterator = ended[Symbol.asyncIterator]();
  const waiting = [iterator.next(), iterator.next()];
  ended.end();
  assert.ok((await Promise.all(waiting)).every(({ done }) => done));
  const failed = queue().queue;
  const other = failed[Symbol.asyncIterator]();
  const [first, second] = [other.next(), other.next()];
  failed.fail('reason');
  await rejects(first, (reason) => reason === 'reason');
  assert.is((await second).done, true);
});

test('leaving an iteration ends the source once, and frees whoever waits', async () => {
  const { queue: q, log } = queue();
  q.push(1);
  q.push(2);
  for await (const _ of q) break;
  assert.equal(log, ['leave']);
  const other = queue();
  const iterator = other.queue[Symbol.asyncIterator]();
  const waiting = iterator.next();
  assert.equal(await iterator.return?.(), { value: undefined, done: true });
  assert.is((await waiting).done, true);
  other.queue.push(5);
  assert.is((await iterator.next()).done, true);
});

test('forEach takes messages as they come, asking for the next before each', async () => {
  const { queue: q, log } = queue();
  const seen: number[] = [];
  const done = q.forEach((message) => seen.push(message));
  assert.equal(log, ['pull']);
  q.push(1);
  q.push(2);
  assert.equal(log, ['pull', 'pull', 'pull']);
  q.end();
  await done;
  q.push(3);
  assert.equal(seen, [1, 2]);
});

test('forEach ends as the stream has ended already', async () => {
  const ended = queue().queue;
  ended.end();
  await ended.forEach(() => assert.unreachable());
  const failed = queue().queue;
  failed.fail('reason');
  await rejects(
    failed.forEach(() => {}),
    (reason) => reason === 'reason',
  );
});

test('a forEach whose function throws rejects with that, and leaves', async () => {
  const { queue: q, log } = queue();
  const error = new Error('mine');
  const reading = q.forEach(() => {
    throw error;
  });
  q.push(1);
  q.push(2);
  assert.is(await rejects(reading), error);
  assert.equal(log, ['pull', 'pull', 'leave']);
});

test('a stream is read once; its iterator may be iterated again', async () => {
  const { queue: q } = queue();
  const iterator = q[Symbol.asyncIterator]();
  assert.is(iterator[Symbol.asyncIterator](), iterator);
  const refused = { code: 'FAILED_PRECONDITION', message: /read once/ };
  await rejects(async () => q[Symbol.asyncIterator](), refused);
  await rejects(async () => q.forEach(() => {}), refused);
});

test('B12 a function of forEach that rejects ends the reading as one that throws does', async () => {
  const { queue: q, log } = queue();
  const reason = new Error('of the reader');
  const reading = rejects(q.forEach(async () => Promise.reject(reason)));
  q.push(1);
  q.push(2);
  assert.is(await reading, reason);
  q.push(3);
  assert.equal(log, ['pull', 'pull', 'pull', 'leave']);
});

test.run();
