import { assert, suite } from '@etcdts/testing';
import type { EtcdErrorCode } from '../error-codes.ts';
import { errorCodes, remedyOf } from '../failures.ts';
import { failure } from './fakes.test.kit.ts';
import { cancelReaction, streamReaction, type Reaction } from './resume.ts';

const test = suite('watch reactions');

const OF_REMEDY = {
  none: 'fail',
  again: 'resume',
  elsewhere: 'resume',
  later: 'resume',
  token: 'authenticate',
} as const;

// Codes that mean more to a stream, or to one watch, than their remedy.
const OF_STREAM: Partial<Record<EtcdErrorCode, Reaction>> = { CLIENT_CLOSED: 'closed', RESPONSE_TOO_LARGE: 'fragment' };
const OF_WATCH: Partial<Record<EtcdErrorCode, Reaction>> = { WATCH_CANCELED: 'fail' };

test('W-26 W-27: a stream that ended with any code is judged by the remedy of the code', () => {
  for (const code of errorCodes()) {
    const expected = OF_STREAM[code] ?? OF_REMEDY[remedyOf(code)];
    assert.is(streamReaction(failure(code), false), expected, code);
    assert.is(streamReaction(failure(code), true), code === 'TLS_FAILED' ? 'resume' : expected, code);
  }
});

test('a watch that etcd cancelled with any code is judged by the remedy of the code', () => {
  for (const code of errorCodes())
    assert.is(cancelReaction(failure(code)), OF_WATCH[code] ?? OF_REMEDY[remedyOf(code)], code);
});

test('a member that is too old for the cluster moves the watch to another one', () => {
  assert.is(streamReaction(failure('NOT_CAPABLE'), false), 'resume');
});

test.run();
