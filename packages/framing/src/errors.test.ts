import { assert, suite } from '@etcdts/testing';
import { constants } from 'node:http2';
import { ERROR, Http2Error } from './errors.ts';

const test = suite('errors of HTTP/2');

test('have the numbers of the RFC, as Node has them', () => {
  const names = Object.keys(ERROR) as (keyof typeof ERROR)[];
  const numbers = constants as unknown as Readonly<Record<string, number>>;
  assert.is(names.length, 14);
  for (const name of names) assert.is(ERROR[name], numbers[`NGHTTP2_${name}`], name);
});

test('carry the code that the peer gets', () => {
  const error = new Http2Error(ERROR.FRAME_SIZE_ERROR, 'a PING of 7 bytes');
  assert.is(error.code, 6);
  assert.is(error.message, 'a PING of 7 bytes');
});

test.run();
