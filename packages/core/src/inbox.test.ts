import { assert, rejects, suite } from '@etcdts/testing';
import { Inbox, Iteration } from './inbox.ts';

const test = suite('inbox');
const over = { value: undefined, done: true };

test('items that wait are read in order, each once, then the end', async () => {
  const inbox = new Inbox<number>();
  for (let item = 0; item < 3_000; item++) inbox.push(item, 10);
  assert.equal([inbox.length, inbox.bytes], [3_000, 30_000]);
  inbox.finish();
  inbox.push(9_999);
  for (let item = 0; item < 3_000; item++) assert.is((await inbox.next()).value, item);
  assert.equal([inbox.length, inbox.bytes], [0, 0]);
  assert.equal(await inbox.next(), over);
});

test('readers that wait are served in the order in which they came, past the bytes', async () => {
  const inbox = new Inbox<string>();
  const asked = [inbox.next(), inbox.next(), inbox.next()];
  inbox.push('a', 5);
  inbox.push('b', 5);
  assert.equal([inbox.length, inbox.bytes, inbox.wanted], [0, 0, true]);
  inbox.finish();
  assert.equal(await Promise.all(asked), [{ value: 'a', done: false }, { value: 'b', done: false }, over]);
});

test('a failure goes to the first reader, after what came before it; the others get the end', async () => {
  const late = new Inbox<string>();
  late.push('a');
  late.finish({ reason: 'gone' });
  late.finish({ reason: 'again' });
  assert.is((await late.next()).value, 'a');
  await rejects(late.next(), (reason) => reason === 'gone');
  assert.equal(await late.next(), over);
  const early = new Inbox<string>();
  const [first, second] = [early.next(), early.next()];
  early.finish({ reason: undefined });
  await rejects(first!, (reason) => reason === undefined);
  assert.equal(await second, over);
});

test('stop drops what is not read, and takes the place of an end that is not read', async () => {
  const inbox = new Inbox<string>();
  inbox.push('a', 7);
  inbox.finish({ reason: 'lost' });
  inbox.stop({ reason: 'stopped' });
  assert.equal([inbox.length, inbox.bytes], [0, 0]);
  await rejects(inbox.next(), (reason) => reason === 'stopped');
  inbox.stop();
  assert.equal(await inbox.next(), over);
});

test('a second claim is refused; the iteration of the first one iterates itself', async () => {
  const inbox = new Inbox<string>();
  inbox.claim(() => new Error('not yet'));
  assert.throws(() => inbox.claim(() => new Error('claimed before')), /claimed before/);
  const left: string[] = [];
  const leave = async (): Promise<IteratorReturnResult<undefined>> => {
    left.push('left');
    return { value: undefined, done: true };
  };
  const iteration = new Iteration<string>({ next: () => inbox.next(), return: leave });
  assert.is(iteration[Symbol.asyncIterator](), iteration);
  inbox.push('a');
  inbox.push('b');
  for await (const _ of iteration) break;
  assert.equal(left, ['left']);
  assert.is((await iteration.next()).value, 'b');
});

test.run();
