import { assert, suite } from '@etcdts/testing';
import { describe, noneOf, shown } from './describe.ts';

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

test('a value is shown with its type, but text only if it is a number or a truth value', () => {
  for (const text of ['5000', '-1', '1.5', '1_000', '5s', '10 MiB', 'true', 'No', 'Infinity'])
    assert.is(shown(text), `"${text}" (a string)`);
  for (const text of ['sentinel', '', '1'.repeat(50), '5 seconds', 'user:1', '\n5']) assert.is(shown(text), 'a string');
  assert.is(shown(5), '5 (a number)');
  assert.is(shown(5n), '5n (a bigint)');
  assert.is(shown(true), 'true (a boolean)');
  assert.is(shown({}), 'an object');
  assert.is(shown(undefined), 'undefined');
});

test('a word that is none of those that may be is shown if it resembles one of them', () => {
  assert.is(noneOf('asc', ['ascend', 'descend']), 'must be one of ascend, descend, not "asc"; did you mean ascend?');
  assert.is(noneOf('==', ['=', '!=']), 'must be one of =, !=, not "=="; did you mean =?');
  assert.is(noneOf('sentinel', ['ascend', 'descend']), 'must be one of ascend, descend, not a string');
  assert.is(noneOf('', ['ascend']), 'must be one of ascend, not a string');
  assert.is(noneOf(5, ['ascend']), 'must be one of ascend, not 5 (a number)');
});

test.run();
