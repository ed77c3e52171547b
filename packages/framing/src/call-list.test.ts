import { assert, seeded, suite } from '@etcdts/testing';
import { CallList, type Linked } from './call-list.ts';

const test = suite('a list of calls');

class Item implements Linked {
  list: object | undefined;
  next: Linked | undefined;
  previous: Linked | undefined;
}

function contents(list: CallList<Item>): readonly Item[] {
  const items: Item[] = [];
  for (let item: Linked | undefined = list.first; item !== undefined; item = item.next) items.push(item as Item);
  return items;
}

test('has the order of an array, whatever enters and leaves at either end and between', () => {
  const random = seeded(3);
  const list = new CallList<Item>();
  let model: Item[] = [];
  for (let i = 0; i < 3_000; i++) {
    const choice = random();
    if (choice < 0.35) {
      const item = new Item();
      list.add(item);
      model.push(item);
    } else if (choice < 0.5) {
      const item = new Item();
      list.addFirst(item);
      model.unshift(item);
    } else if (model.length > 0) {
      const item = model[Math.floor(random() * model.length)] as Item;
      assert.ok(list.remove(item));
      model = model.filter((one) => one !== item);
      assert.equal([item.list, item.next, item.previous], [undefined, undefined, undefined]);
    }
    assert.is(list.length, model.length);
    assert.ok(contents(list).every((item, at) => item === model[at]));
    assert.is(list.first, model[0]);
  }
});

test('removes only what is in it', () => {
  const [one, other] = [new CallList<Item>(), new CallList<Item>()];
  const item = new Item();
  one.add(item);
  assert.is(other.remove(item), false);
  assert.equal([one.length, other.length], [1, 0]);
  assert.is(one.remove(item), true);
  assert.is(one.remove(item), false);
});

test.run();
