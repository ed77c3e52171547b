import { assert, suite } from '@etcdts/testing';
import fc from 'fast-check';
import { Agenda, type Dated } from './agenda.ts';

class Item implements Dated {
  place = -1;
  readonly name: number;

  constructor(name: number) {
    this.name = name;
  }
}

const test = suite('lease agenda');

test('has the earliest time, and the items up to any time, whatever was set, moved and removed', () => {
  const step = fc.tuple(fc.nat(15), fc.oneof(fc.nat(50), fc.constant(-1)));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.nat(60), (steps, until) => {
      const agenda = new Agenda<Item>();
      const items = Array.from({ length: 16 }, (_, name) => new Item(name));
      const model = new Map<number, number>();
      for (const [name, at] of steps) {
        const item = items[name] as Item;
        if (at < 0) {
          agenda.delete(item);
          model.delete(name);
        } else {
          agenda.set(item, at);
          model.set(name, at);
        }
        assert.is(agenda.earliest, Math.min(...model.values()));
        assert.is(item.place >= 0, model.has(name));
      }
      const names = agenda.until(until).map(({ name }) => name);
      const expected = [...model].filter(([, at]) => at <= until).map(([name]) => name);
      assert.equal(names.toSorted(), expected.toSorted());
      assert.is(agenda.earliest, Math.min(...model.values()), 'nothing has left it');
    }),
    { numRuns: 500 },
  );
});

test('is never early for an item that is not there', () => {
  const agenda = new Agenda<Item>();
  assert.is(agenda.earliest, Infinity);
  assert.equal(agenda.until(Infinity), []);
  agenda.delete(new Item(1));
  assert.is(agenda.earliest, Infinity);
});

test.run();
