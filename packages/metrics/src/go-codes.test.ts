import { EtcdError } from '@etcdts/core';
import { assert, suite } from '@etcdts/testing';
import { GO_CODES, codeOf } from './go-codes.ts';

const test = suite('codes');

/** An error with any number, as another version of core may make it. */
function failure(grpcCode: number): EtcdError {
  const error = new EtcdError({ code: 'INTERNAL', message: 'said by the test', outcome: 'unknown' });
  return Object.defineProperty(error, 'grpcCode', { value: grpcCode });
}

test('an error counts under its gRPC code, and under Unknown where that is none', () => {
  for (let code = 1; code <= 16; code++) assert.is(codeOf(failure(code), undefined), code);
  for (const code of [0, 17, -1, Number.NaN, 1.5]) assert.is(GO_CODES[codeOf(failure(code), undefined)], 'Unknown');
  assert.is(GO_CODES[codeOf(new TypeError('a bug'), undefined)], 'Unknown');
  assert.is(GO_CODES[codeOf(undefined, undefined)], 'Unknown');
});

test('an abort counts as Canceled, whatever its reason, and no error that comes beside it does', () => {
  const controller = new AbortController();
  const reason = failure(5);
  assert.is(GO_CODES[codeOf(reason, controller.signal)], 'NotFound');
  controller.abort(reason);
  assert.is(GO_CODES[codeOf(reason, controller.signal)], 'Canceled');
  assert.is(GO_CODES[codeOf(failure(14), controller.signal)], 'Unavailable');
});

test.run();
