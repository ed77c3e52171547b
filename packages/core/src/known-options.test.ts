import { assert, suite } from '@etcdts/testing';
import { createClient } from './client.ts';
import { isEtcdError } from './errors.ts';
import { compare } from './kv/compare.ts';
import { op } from './kv/op.ts';
import { checkOptions } from './known-options.ts';

const test = suite('known options');

interface Options {
  name?: string | undefined;
  deep?: boolean | undefined;
  on?: (() => void) | undefined;
  more?: object | undefined;
  rest?: unknown;
}
const check = (options: unknown, at?: string): void =>
  checkOptions<Options>(
    options as Options,
    { name: 'string', deep: 'boolean', on: 'function', more: 'object', rest: true },
    at,
  );

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    assert.ok(isEtcdError(error) && error.outcome === 'not-applied');
    return error.message;
  }
  throw new Error('was not refused');
}

test('options that are known, and those that are undefined, are accepted', () => {
  check(undefined);
  check({});
  check(Object.create(null));
  check({ name: 'n', deep: false, on: () => {}, more: [], rest: 5 });
  check({ name: undefined, deep: undefined });
});

test('an unknown one is refused by name and place, with the known one that it resembles', () => {
  assert.is(
    refusal(() => check({ nam: 'n' })),
    'INVALID_ARGUMENT: unknown option nam; did you mean name?',
  );
  assert.is(
    refusal(() => check({ nam: 'n' }, 'at')),
    'INVALID_ARGUMENT: unknown option at.nam; did you mean at.name?',
  );
  assert.is(
    refusal(() => check({ nam: undefined })),
    'INVALID_ARGUMENT: unknown option nam; did you mean name?',
  );
  assert.is(
    refusal(() => check({ toString: 1 })),
    'INVALID_ARGUMENT: unknown option toString; there are name, deep, on, more, rest',
  );
  assert.is(
    refusal(() => checkOptions<{ reentrant?: boolean }>({ x: 1 } as object, { reentrant: true })),
    'INVALID_ARGUMENT: unknown option x; there is only reentrant',
  );
  assert.is(
    refusal(() => check({ constructor: 1 })),
    'INVALID_ARGUMENT: unknown option constructor; there are name, deep, on, more, rest',
  );
  assert.is(
    refusal(() => check({ ['x'.repeat(99)]: 1 })),
    `INVALID_ARGUMENT: unknown option ${'x'.repeat(64)}; there are name, deep, on, more, rest`,
  );
});

test('a value of another type is refused with its value and type', () => {
  assert.is(
    refusal(() => check({ deep: 'true' })),
    'INVALID_ARGUMENT: deep must be true or false, not "true" (a string)',
  );
  assert.is(
    refusal(() => check({ deep: null }, 'at')),
    'INVALID_ARGUMENT: at.deep must be true or false, not null',
  );
  assert.is(
    refusal(() => check({ name: 5 })),
    'INVALID_ARGUMENT: name must be a string, not 5 (a number)',
  );
  assert.is(
    refusal(() => check({ on: {} })),
    'INVALID_ARGUMENT: on must be a function, not an object',
  );
  assert.is(
    refusal(() => check({ more: null })),
    'INVALID_ARGUMENT: more must be an object, not null',
  );
});

test('what is no object of options is refused with what to do instead, and its content is not shown', () => {
  const controller = new AbortController();
  for (const [options, said] of [
    [null, 'null'],
    ['sentinel', 'a string'],
    [['sentinel'], 'an array'],
    [[], 'an array'],
    [Buffer.from('sentinel'), 'a Uint8Array'],
    [new Map(), 'a Map'],
    [new Date(), 'a Date'],
    [controller.signal, 'an AbortSignal: pass { signal }'],
    [controller, 'an AbortController: pass { signal: controller.signal }'],
    [Promise.resolve({}), 'a Promise: await it first'],
    [() => {}, 'a function: no method takes a callback. Calls return a promise, and watches are iterated'],
  ] as const) {
    assert.is(
      refusal(() => check(options)),
      `INVALID_ARGUMENT: options must be an object of options, not ${said}`,
    );
  }
  assert.is(
    refusal(() => check(5, 'at')),
    'INVALID_ARGUMENT: at must be an object of options, not a number',
  );
});

test('calls, operations and conditions refuse values of the wrong type, before anything is sent', async () => {
  const client = createClient({ endpoints: '127.0.0.1:1' });
  const { kv, lease, maintenance } = client;
  const any = (value: unknown): never => value as never;
  for (const [act, said] of [
    [() => kv.get('k', any({ prefix: 'true' })), 'prefix must be true or false, not "true" (a string)'],
    [() => kv.get('k', any({ signal: {} })), 'signal must be an AbortSignal, not an object'],
    [
      () => kv.get('k', any({ signal: new AbortController() })),
      'signal must be an AbortSignal, not an AbortController: pass controller.signal',
    ],
    [
      () => kv.get('k', { timeoutMs: 0 }),
      'timeoutMs must be a number of milliseconds above 0, not 0: use Infinity for none',
    ],
    [
      () => kv.get('k', any({ timeoutMs: '5000' })),
      'timeoutMs must be a number of milliseconds above 0, not "5000" (a string)',
    ],
    [() => kv.get('k', any({ timeoutMs: NaN })), 'timeoutMs must be a number of milliseconds above 0, not NaN'],
    [() => kv.get('k', any({ limit: '5' })), 'limit must be a safe integer, not "5" (a string)'],
    [() => kv.get('k', any({ endpoint: 5 })), 'endpoint must be a string, not 5 (a number)'],
    [() => kv.get('k', any({ metadata: 'sentinel' })), 'metadata must be an object of names and values, not a string'],
    [
      () => kv.get('k', any({ sort: { by: 'key', order: 'asc' } })),
      'sort.order must be one of ascend, descend, not "asc"; did you mean ascend?',
    ],
    [() => kv.get('k', any({ sort: { key: 'ascend' } })), 'unknown option sort.key; there are by, order'],
    [() => kv.get('k', any({ sort: 'key' })), 'sort must be an object of options, not a string'],
    [() => kv.put('k', 'v', any({ prevKv: 1 })), 'prevKv must be true or false, not 1 (a number)'],
    [() => kv.put('k', 'v', any({ lease: '7' })), 'lease must be a bigint or a safe integer, not "7" (a string)'],
    [() => kv.delete('k', any({ prefix: 1 })), 'prefix must be true or false, not 1 (a number)'],
    [() => kv.compact(1, any({ physical: 'no' })), 'physical must be true or false, not "no" (a string)'],
    [() => kv.txn(any(undefined)), 'input must be an object, { if, then, else }, not undefined'],
    [() => kv.txn(any({ if: [], thn: [] })), 'unknown option thn; did you mean then?'],
    [
      () => client.watch('k', any({ timeoutMs: 0 })),
      'timeoutMs must be a number of milliseconds above 0, not 0: use Infinity for none',
    ],
    [() => client.watch('k', any({ filters: 'put' })), 'filters must be an array, not a string'],
    [
      () => client.watch('k', any({ filters: ['puts'] })),
      'filters entry 0 must be one of put, delete, not "puts"; did you mean put?',
    ],
    [() => client.watch('k', any({ fragment: 'no' })), 'fragment must be true or false, not "no" (a string)'],
    [() => lease.timeToLive(5, any({ keys: 'yes' })), 'keys must be true or false, not "yes" (a string)'],
    [() => lease.keepAlive(5, any({ signal: {} })), 'signal must be an AbortSignal, not an object'],
    [
      () => lease.keepAlive(5, { timeoutMs: 0 }),
      'timeoutMs must be a number of milliseconds above 0, not 0: use Infinity for none',
    ],
    [
      () => maintenance.alarmDisarm(any({ alarms: 'nospace' })),
      'unknown option filter.alarms; did you mean filter.alarm?',
    ],
    [() => maintenance.alarmDisarm(any(undefined)), 'filter must be given: {} stands for every alarm'],
    [() => maintenance.snapshot(any({ onProgress: true })), 'onProgress must be a function, not true (a boolean)'],
    [() => client.sync(any({ timeout: 5 })), 'unknown option timeout; did you mean timeoutMs?'],
    [() => client.sync(any(null)), 'options must be an object of options, not null'],
    [() => op.get('k', any({ prefix: 'true' })), 'prefix must be true or false, not "true" (a string)'],
    [() => op.put('k', 'v', any({ leaseId: 7n })), 'unknown option leaseId; did you mean lease?'],
    [() => compare.modRevision('k', '=', -1), 'modRevision must be at least 0, not -1'],
    [() => compare.version('k', any('=='), 1), 'result must be one of =, !=, >, <, not "=="; did you mean =?'],
    [() => compare.version('k', '=', 1, any({ fromKey: true })), 'unknown option fromKey; there are prefix, rangeEnd'],
    [
      () => compare.version('k', '=', 1, any({ prefix: 'true' })),
      'prefix must be true or false, not "true" (a string)',
    ],
  ] as const) {
    let failure: unknown;
    try {
      failure = await Promise.resolve((act as () => unknown)()).catch((error: unknown) => error);
    } catch (error) {
      failure = error;
    }
    assert.ok(isEtcdError(failure), said);
    assert.is(failure.message.replace(/^\w+: /, ''), said);
    assert.is(failure.attempts, 0);
  }
  await client.close();
});

test.run();
