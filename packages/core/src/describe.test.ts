import { assert, suite } from '@etcdts/testing';
import { describe, shown } from './describe.ts';

const test = suite('describe');

test('a value is described by its type, never by its content', () => {
  for (const [value, text] of [
    ['sentinel', 'a string'],
    [5, 'a number'],
    [5n, 'a bigint'],
    [true, 'a boolean'],
    [null, 'null'],
    [undefined, 'undefined'],
    [{ sentinel: 1 }, 'an object'],
    [['sentinel'], 'an array'],
    [Buffer.from('sentinel'), 'a Uint8Array'],
    [new Date(), 'a Date'],
    [new AbortController(), 'an AbortController'],
    [() => {}, 'a function'],
    [Symbol('sentinel'), 'a symbol'],
  ] as const) {
    assert.is(describe(value), text);
  }
});

test('an option is shown with its value and type, and a long text is cut', () => {
  assert.is(shown('5000'), '"5000" (a string)');
  assert.is(shown(5), '5 (a number)');
  assert.is(shown(5n), '5n (a bigint)');
  assert.is(shown(true), 'true (a boolean)');
  assert.is(shown({}), 'an object');
  assert.is(shown(undefined), 'undefined');
  assert.is(shown(`${'x'.repeat(50)}\n`), `"${'x'.repeat(40)}…" (a string)`);
});

test.run();
