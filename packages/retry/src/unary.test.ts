import { remedyOf, type EtcdErrorCode } from '@etcdts/core';
import { errorCodes, failedAttempts, isLasting, methods, type Call, type Method } from '@etcdts/core/plugin';
import { assert, rejects, suite } from '@etcdts/testing';
import { Bench, callOf, failure, get, put, settle } from './fakes.test.kit.ts';

const test = suite('retry: unary calls');

const REPEATED: readonly EtcdErrorCode[] = [
  ...([
    'UNAVAILABLE',
    'CANCELLED',
    'INTERNAL',
    'UNKNOWN',
    'DEADLINE_EXCEEDED',
    'RESOURCE_EXHAUSTED',
    'ABORTED',
  ] as const),
  ...([
    'LEADER_CHANGED',
    'NOT_LEADER',
    'NO_LEADER',
    'STOPPED',
    'UNHEALTHY',
    'TIMEOUT',
    'TIMEOUT_DUE_TO_LEADER_FAIL',
  ] as const),
  ...(['TIMEOUT_DUE_TO_CONNECTION_LOST', 'TIMEOUT_WAIT_APPLIED_INDEX', 'REQUEST_CANCELED'] as const),
  ...(['REQUEST_DEADLINE_EXCEEDED', 'NOT_SUPPORTED_FOR_LEARNER', 'NOT_CAPABLE', 'TOO_MANY_REQUESTS'] as const),
];

const FINAL: readonly EtcdErrorCode[] = [
  ...([
    'COMPACTED',
    'FUTURE_REV',
    'EMPTY_KEY',
    'PERMISSION_DENIED',
    'NO_SPACE',
    'REQUEST_TOO_LARGE',
    'CORRUPT',
  ] as const),
  ...([
    'LEASE_NOT_FOUND',
    'LEASE_EXIST',
    'AUTH_FAILED',
    'INVALID_AUTH_TOKEN',
    'AUTH_OLD_REVISION',
    'USER_EMPTY',
  ] as const),
  ...(['UNAUTHENTICATED', 'UNIMPLEMENTED', 'INVALID_ARGUMENT', 'DATA_LOSS', 'CLIENT_CLOSED'] as const),
  ...(['NAMESPACE_VIOLATION', 'INSECURE_ENDPOINT', 'CLUSTER_ID_MISMATCH', 'MEMBER_NOT_FOUND'] as const),
];

test('R-07 a read is repeated after each failure that another try may turn into an answer, and after no other', async () => {
  for (const code of REPEATED) {
    const bench = new Bench();
    bench.script = [failure(code), 'answer'];
    assert.is(await bench.run(bench.send(get())), 'answer', code);
    assert.is(bench.calls.length, 2, code);
  }
  for (const code of FINAL) {
    const bench = new Bench();
    const error = failure(code);
    bench.script = [error, 'answer'];
    assert.is(await bench.send(get()).catch((reason: unknown) => reason), error);
    assert.is(bench.calls.length, 1, code);
  }
});

test('R-07 after a failure of any code the next try goes where the table of core sends it', async () => {
  for (const code of errorCodes()) {
    const bench = new Bench();
    bench.script = [failure(code), 'answer'];
    await bench.run(bench.send(get())).catch(() => {});
    const remedy = remedyOf(code);
    assert.is(bench.calls.length, remedy === 'none' || remedy === 'token' ? 1 : 2, code);
    assert.equal(bench.calls[1]?.avoid, remedy === 'elsewhere' ? ['a:1'] : undefined, code);
    assert.is(bench.pauses.length, remedy === 'later' ? 1 : 0, `${code}: a pause before the first repeat`);
  }
});

test('a member is not asked twice if its verdict lasts', async () => {
  for (const code of errorCodes().filter((one) => remedyOf(one) === 'elsewhere')) {
    const bench = new Bench();
    bench.script = [failure(code), failure(code), 'answer'];
    await bench.run(bench.send(get())).catch(() => {});
    assert.is(bench.calls.length, isLasting(code) ? 2 : 3, code);
  }
});

test('B-06 R-04 R-08 H1 a write is repeated where its failed try was not applied, and not where that is unknown', async () => {
  for (const code of REPEATED) {
    const bench = new Bench();
    bench.script = [failure(code), 'answer'];
    assert.is(await bench.run(bench.send(put())), 'answer', code);
    assert.is(bench.calls.length, 2, code);

    const unknown = failure(code, { outcome: 'unknown' });
    const unsure = new Bench();
    unsure.script = [unknown, 'answer'];
    assert.is(await unsure.send(put()).catch((reason: unknown) => reason), unknown, code);
    assert.is(unsure.calls.length, 1, code);
  }
});

test('R-14 to R-19 what may always be repeated are reads, AuthStatus among them, and revokes', async () => {
  const always: string[] = [];
  for (const method of Object.values(methods) as Method[]) {
    if (method.kind !== 'unary') continue;
    const bench = new Bench();
    bench.script = [failure('UNAVAILABLE', { outcome: 'unknown' }), {}];
    const request = method === (methods.txn as Method) ? { success: [{ type: 'put' }], failure: [] } : { id: 7n };
    await bench.send(callOf(method, request)).catch(() => {});
    if (bench.calls.length === 2) always.push(method.name);
  }
  assert.equal(always, [
    ...['Range', 'LeaseRevoke', 'LeaseTimeToLive', 'LeaseLeases', 'MemberList', 'Status', 'Hash', 'HashKV'],
    ...['AuthStatus', 'Authenticate', 'UserGet', 'UserList', 'RoleGet', 'RoleList'],
  ]);
});

test('KV-05 a transaction that only gets, nested ones too, is a read; nothing of it is ever unknown', async () => {
  const nest = (inner: unknown): unknown => ({ type: 'txn', request: { compare: [], success: [], failure: [inner] } });
  const unknown = failure('UNAVAILABLE', { outcome: 'unknown' });
  const run = async (...success: unknown[]): Promise<Bench> => {
    const bench = new Bench({ maxAttempts: 2 });
    bench.script = [unknown, unknown];
    const read = success.every((one) => !JSON.stringify(one).includes('put'));
    const call = callOf(methods.txn as Method, { compare: [], success, failure: [] });
    await rejects(bench.run(bench.send(call)), { outcome: read ? 'not-applied' : 'unknown' });
    return bench;
  };
  assert.is((await run()).calls.length, 2);
  assert.is((await run({ type: 'get' }, nest(nest({ type: 'get' })))).calls.length, 2);
  assert.is((await run({ type: 'get' }, nest(nest({ type: 'put' })))).calls.length, 1);
});

test('H2 what one try left unknown stays unknown, and attempts counts all tries', async () => {
  const bench = new Bench({ writes: 'at-least-once' });
  bench.script = [
    failure('UNAVAILABLE', { outcome: 'unknown', attempts: 2 }),
    failure('NO_LEADER'),
    failure('PERMISSION_DENIED', { method: 'KV.Put' }),
  ];
  const error = { code: 'PERMISSION_DENIED', outcome: 'unknown', attempts: 4, method: 'KV.Put', endpoint: 'a:1' };
  await rejects(bench.run(bench.send(put())), error);
  assert.is(bench.calls.length, 3);
});

test('a write that was repeated, and is unknown then, ends there', async () => {
  const bench = new Bench();
  bench.script = [failure('NO_LEADER'), failure('STOPPED', { outcome: 'unknown' }), 'answer'];
  await rejects(bench.run(bench.send(put())), { code: 'STOPPED', outcome: 'unknown', attempts: 2 });
  assert.is(bench.calls.length, 2);
});

test('what no repeat can help is final: certificates, sizes, what the client refused', async () => {
  for (const error of [
    failure('TLS_FAILED', { message: 'a:1: certificate has expired' }),
    failure('RESPONSE_TOO_LARGE'),
    failure('REQUEST_TOO_LARGE'),
    failure('REQUEST_TOO_LARGE', { attempts: 0, endpoint: undefined }),
    failure('UNAVAILABLE', { message: 'the circuit is open', attempts: 0, endpoint: undefined }),
  ]) {
    const bench = new Bench();
    bench.script = [error];
    assert.is(await bench.send(get()).catch((reason: unknown) => reason), error);
  }
  const waited = new Bench();
  waited.script = [failure('DEADLINE_EXCEEDED', { attempts: 0, endpoint: undefined }), 'answer'];
  assert.is(await waited.run(waited.send(get())), 'answer', 'a slice that passed without a connection');
});

test('what is no EtcdError passes as it is', async () => {
  const bench = new Bench();
  const reason = new TypeError('no');
  bench.script = [
    () => {
      throw reason;
    },
  ];
  assert.is(await bench.send(get()).catch((error: unknown) => error), reason);
});

test('CF-16 R-01 there are at most maxAttempts tries, 20 where nothing is said', async () => {
  for (const [maxAttempts, expected] of [
    [undefined, 20],
    [1, 1],
    [3, 3],
  ] as const) {
    const bench = new Bench({ maxAttempts });
    bench.chance = 0;
    bench.script = Array.from({ length: 30 }, () => failure('UNAVAILABLE'));
    await rejects(bench.run(bench.send(get())), { code: 'UNAVAILABLE', attempts: expected });
    assert.is(bench.calls.length, expected);
  }
});

test('CF-17 CF-18 V-04 R-02 pauses double from initialBackoffMs to maxBackoffMs, drawn at random below that; the first repeat is at once', async () => {
  const bench = new Bench({ maxAttempts: 9 });
  bench.script = Array.from({ length: 9 }, () => failure('UNAVAILABLE'));
  await rejects(bench.run(bench.send(get())), { code: 'UNAVAILABLE' });
  assert.equal(bench.pauses, [50, 100, 200, 400, 800, 1_000, 1_000]);

  const other = new Bench({ maxAttempts: 4, initialBackoffMs: 10, maxBackoffMs: 25 });
  other.chance = 0.5;
  other.script = Array.from({ length: 4 }, () => failure('UNAVAILABLE', { endpoint: undefined }));
  await rejects(other.run(other.send(get())), { code: 'UNAVAILABLE' });
  assert.equal(other.pauses, [5, 10, 12.5], 'not at once where no endpoint is left');

  const busy = new Bench({ maxAttempts: 2 });
  busy.script = [failure('TOO_MANY_REQUESTS'), 'answer'];
  await busy.run(busy.send(put()));
  assert.equal(busy.pauses, [25], 'nor where etcd asks for less');
});

test('CF-21 R-13 no pause goes past the deadline: the last error comes at once instead', async () => {
  const bench = new Bench();
  bench.script = [failure('UNAVAILABLE'), failure('LEADER_CHANGED'), 'answer'];
  await rejects(bench.run(bench.send(get({ deadline: bench.time + 50 }))), { code: 'LEADER_CHANGED', attempts: 2 });
  assert.equal(bench.pauses, []);
});

test('R-03 an abort in a pause rejects with its reason at once, and leaves no timer', async () => {
  const bench = new Bench();
  const controller = new AbortController();
  bench.script = [failure('UNAVAILABLE', { endpoint: undefined }), 'answer'];
  const sending = bench.send(get({ signal: controller.signal }));
  await settle();
  assert.is(bench.timers.size, 1);
  const reason = failure('UNAVAILABLE');
  controller.abort(reason);
  assert.is(await sending.catch((error: unknown) => error), reason);
  assert.is(bench.timers.size, 0);
  assert.is(bench.calls.length, 1);
});

test('a failure that meets an abort is followed by no other try', async () => {
  const bench = new Bench();
  const controller = new AbortController();
  bench.script = [
    () => {
      controller.abort('gone');
      throw failure('UNAVAILABLE');
    },
  ];
  assert.is(await bench.send(get({ signal: controller.signal })).catch((error: unknown) => error), 'gone');
});

test('a close in a pause rejects with CLIENT_CLOSED at once, and with what is known of the write', async () => {
  for (const outcome of ['not-applied', 'unknown'] as const) {
    const bench = new Bench({ writes: 'at-least-once' });
    bench.script = [failure('TOO_MANY_REQUESTS', { outcome })];
    const sending = bench.send(put());
    await settle();
    bench.close();
    await rejects(sending, { code: 'CLIENT_CLOSED', outcome, attempts: 1, method: 'KV.Put' });
    assert.is(bench.timers.size, 0);
  }
});

test('H10 the tries of a read have a slice of the deadline each, which grows; the last has what is left', async () => {
  const slices = async (deadline: number, options = {}, make = get, endpoints = 2): Promise<number[]> => {
    const bench = new Bench({ maxAttempts: 4, ...options });
    bench.endpoints = endpoints;
    const seen: number[] = [];
    bench.script = Array.from({ length: 4 }, (_, index) => () => {
      const slice = (bench.calls[index] as Call).deadline - bench.time;
      seen.push(slice);
      bench.time += slice;
      throw failure('DEADLINE_EXCEEDED');
    });
    bench.chance = 0;
    await rejects(bench.run(bench.send(make({ deadline: bench.time + deadline }))), { code: 'DEADLINE_EXCEEDED' });
    return seen;
  };
  assert.equal(await slices(10_000), [2_000, 4_000, 4_000]);
  assert.equal(await slices(3_500), [1_750, 1_750]);
  assert.equal(await slices(Infinity), [2_000, 4_000, 8_000, Infinity]);
  assert.equal(await slices(10_000, { attemptTimeoutMs: 500 }), [500, 1_000, 2_000, 6_500]);
  assert.equal(await slices(10_000, { attemptTimeoutMs: Infinity }), [10_000]);
  assert.equal(await slices(10_000, { maxAttempts: 1 }), [10_000]);
  assert.equal(
    await slices(10_000, { budget: { burst: 1, ratio: 0, perSecond: 0 } }),
    [2_000, 8_000],
    'what is left of the budget',
  );
  assert.equal(await slices(10_000, {}, put), [10_000], 'a write that may have been sent is never cut short');
  assert.equal(await slices(10_000, { writes: 'at-least-once' }, put), [2_000, 4_000, 4_000]);
  assert.equal(await slices(10_000, {}, get, 1), [10_000], 'one endpoint is known');
  const named = (fields?: Partial<Call>): Call => get({ ...fields, endpoint: 'a:1' });
  assert.equal(await slices(10_000, {}, named), [10_000], 'an endpoint is named');
});

test('the next try keeps away from members that could not serve, not from those that lost a connection or a leader', async () => {
  const bench = new Bench();
  bench.script = [
    failure('NO_LEADER', { endpoint: 'a:1' }),
    failure('LEADER_CHANGED', { endpoint: 'b:1' }),
    failure('UNAVAILABLE', { endpoint: 'c:1' }),
    failure('DEADLINE_EXCEEDED', { endpoint: 'd:1' }),
    'answer',
  ];
  await bench.run(bench.send(get()));
  const a = ['a:1'];
  assert.equal(
    bench.calls.map(({ avoid }) => avoid),
    [undefined, a, a, a, ['a:1', 'd:1']],
  );
  assert.equal(
    bench.calls.map(({ attempt }) => attempt),
    [1, 2, 3, 4, 5],
  );
});

test('R-06 H8 what a learner refuses is tried on others, and of each once', async () => {
  for (const code of ['NOT_SUPPORTED_FOR_LEARNER', 'NOT_CAPABLE'] as const) {
    const bench = new Bench();
    bench.script = ['a:1', 'b:1', 'a:1'].map((endpoint) => failure(code, { endpoint }));
    await rejects(bench.run(bench.send(get())), { code, attempts: 3 });
    const named = new Bench();
    named.script = [failure(code)];
    await rejects(named.send(get({ endpoint: 'a:1' })), { code, attempts: 1 });
  }
});

test('H7 the budget bounds the repeats of all calls: saved up at first, then a part of the calls and some a second', async () => {
  const repeats = async (bench: Bench, calls: number): Promise<number> => {
    const before = bench.calls.length;
    bench.chance = 0;
    for (let i = 0; i < calls; i++) {
      bench.script = Array.from({ length: 20 }, () => failure('UNAVAILABLE'));
      await rejects(bench.run(bench.send(get())), { code: 'UNAVAILABLE' });
    }
    return bench.calls.length - before - calls;
  };
  const bench = new Bench();
  assert.is(await repeats(bench, 1_000), 500 + 99, 'what is earned while it is full is lost');
  const timed = new Bench({ budget: { burst: 10, ratio: 0, perSecond: 4 } });
  assert.is(await repeats(timed, 3), 10);
  timed.time += 500;
  assert.is(await repeats(timed, 3), 2);
  assert.is(await repeats(new Bench({ budget: { burst: 3, ratio: 0, perSecond: 0 } }), 10), 3);
  assert.is(await repeats(new Bench({ budget: false }), 50), 950);
});

test('a call chooses how it is repeated, where it differs', async () => {
  const tries = async (fields: Partial<Call>): Promise<number> => {
    const bench = new Bench({ maxAttempts: 3 });
    bench.script = Array.from({ length: 9 }, () => failure('UNAVAILABLE', { outcome: 'unknown' }));
    await rejects(bench.run(bench.send(put(fields))), { code: 'UNAVAILABLE' });
    return bench.calls.length;
  };
  assert.is(await tries({}), 1);
  assert.is(await tries({ options: { retry: { writes: 'at-least-once' } } }), 3);
  assert.is(await tries({ options: { retry: { writes: 'at-least-once', maxAttempts: 5 } } }), 5);
  const off = new Bench();
  off.script = [failure('UNAVAILABLE')];
  const call = get({ options: { retry: false } });
  await rejects(off.send(call), { code: 'UNAVAILABLE' });
  assert.is(off.calls[0], call, 'passed on as it came');
  const wrong = get({ options: { retry: { maxAttempts: 0 } } });
  await rejects(new Bench().send(wrong), { code: 'INVALID_ARGUMENT', argument: 'retry.maxAttempts' });
});

test('R-12 failed tries are in the context, for those who count them', async () => {
  const bench = new Bench();
  const errors = [failure('NO_LEADER'), failure('UNAVAILABLE')];
  bench.script = [...errors, failure('COMPACTED')];
  const call = get();
  await rejects(bench.run(bench.send(call)), { code: 'COMPACTED' });
  assert.equal(call.context.get(failedAttempts), errors);
});

test.run();
