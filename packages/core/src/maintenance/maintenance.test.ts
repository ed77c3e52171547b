import { assert, rejects, suite } from '@etcdts/testing';
import type { CallOptions } from '../call.ts';
import { EtcdError } from '../errors.ts';
import type { AlarmMember, AlarmRequest } from '../messages.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { MaintenanceFacade } from './maintenance.ts';

interface Sent {
  readonly name: string;
  readonly request: unknown;
  readonly options: CallOptions;
}
type Answer = (sent: Sent) => unknown;

function recorder(
  answer: Answer = () => ({}),
  endpoints: readonly string[] = [],
): {
  readonly sent: Sent[];
  readonly maintenance: MaintenanceFacade;
  readonly clock: { time: number };
} {
  const sent: Sent[] = [];
  const clock = { time: 0, now: () => clock.time };
  const pipeline = {
    unary: async (method: { name: string }, request: unknown, options: CallOptions) => {
      const call = { name: method.name, request, options };
      sent.push(call);
      return answer(call);
    },
  };
  return { sent, clock, maintenance: new MaintenanceFacade(pipeline as unknown as Pipeline, () => endpoints, clock) };
}

const unavailable = new EtcdError({ code: 'UNAVAILABLE', message: 'gone', outcome: 'not-applied' });

const test = suite('maintenance');

test('M-01 calls for one member go to the endpoint that is named', async () => {
  const { sent, maintenance } = recorder();
  const options = { timeoutMs: 5, endpoint: 'http://other:1' };
  await maintenance.status('http://a:1', options);
  await maintenance.hash('http://a:1', options);
  await maintenance.hashKv('http://a:1', 7, options);
  await maintenance.defragment('http://a:1', options);
  const at = { timeoutMs: 5, endpoint: 'http://a:1' };
  assert.equal(sent, [
    { name: 'Status', request: {}, options: at },
    { name: 'Hash', request: {}, options: at },
    { name: 'HashKV', request: { revision: 7n }, options: at },
    { name: 'Defragment', request: {}, options: at },
  ]);
});

test('M-01 an endpoint that is missing or empty is refused by name', async () => {
  const { sent, maintenance } = recorder();
  const refused = { code: 'INVALID_ARGUMENT', argument: 'endpoint', attempts: 0 };
  for (const endpoint of ['', undefined, 7] as string[]) {
    await rejects(maintenance.status(endpoint), refused);
    await rejects(maintenance.defragment(endpoint), refused);
    await rejects(maintenance.hash(endpoint), refused);
    await rejects(maintenance.hashKv(endpoint), refused);
  }
  assert.is(sent.length, 0);
});

test('M-05 defragment has no deadline unless one is given', async () => {
  const { sent, maintenance } = recorder();
  await maintenance.defragment('http://a:1');
  await maintenance.defragment('http://a:1', { timeoutMs: undefined });
  assert.equal(
    sent.map((each) => each.options.timeoutMs),
    [Infinity, Infinity],
  );
});

test('M-07 hashKv requests the newest revision by default and refuses a negative one', async () => {
  const { sent, maintenance } = recorder();
  await maintenance.hashKv('http://a:1');
  assert.equal(sent[0]?.request, { revision: 0n });
  await rejects(maintenance.hashKv('http://a:1', -1), { code: 'INVALID_ARGUMENT', argument: 'revision' });
});

test('M-02 alarmList requests every alarm of every member', async () => {
  const { sent, maintenance } = recorder();
  await maintenance.alarmList({ timeoutMs: 3 });
  assert.equal(sent, [
    { name: 'Alarm', request: { action: 'get', memberId: 0n, alarm: 'none' }, options: { timeoutMs: 3 } },
  ]);
});

const raised: readonly AlarmMember[] = [
  { memberId: 1n, alarm: 'nospace' },
  { memberId: 2n, alarm: 'nospace' },
  { memberId: 2n, alarm: 'corrupt' },
];

function alarms({ request }: Sent): unknown {
  const { action, memberId, alarm } = request as AlarmRequest;
  return { header: { revision: 1n }, alarms: action === 'get' ? raised : [{ memberId, alarm }] };
}

test('M-03 alarmDisarm of one alarm of one member is one RPC', async () => {
  const { sent, maintenance } = recorder(alarms);
  const { alarms: disarmed } = await maintenance.alarmDisarm({ memberId: 2, alarm: 'nospace' });
  assert.equal(
    sent.map((each) => each.request),
    [{ action: 'deactivate', memberId: 2n, alarm: 'nospace' }],
  );
  assert.equal(disarmed, [{ memberId: 2n, alarm: 'nospace' }]);
});

test('M-03 alarmDisarm of all lists, disarms each, and answers with a header', async () => {
  const { sent, maintenance } = recorder(alarms);
  const all = await maintenance.alarmDisarm({ memberId: 0, alarm: 'none' });
  assert.is(sent.length, 4);
  assert.equal(all, { header: { revision: 1n } as never, alarms: [...raised] });
  assert.equal((await maintenance.alarmDisarm({})).alarms, [...raised]);
});

test('alarmDisarm of one member, or of one kind of alarm, disarms just those', async () => {
  const { maintenance } = recorder(alarms);
  assert.equal((await maintenance.alarmDisarm({ memberId: 2n })).alarms, raised.slice(1));
  assert.equal((await maintenance.alarmDisarm({ alarm: 'nospace' })).alarms, raised.slice(0, 2));
});

test('alarmDisarm refuses an alarm that there is not', async () => {
  const { sent, maintenance } = recorder(alarms);
  await rejects(maintenance.alarmDisarm({ alarm: 'fire' as never }), { code: 'INVALID_ARGUMENT', argument: 'alarm' });
  await rejects(maintenance.alarmDisarm({ memberId: -1 }), { code: 'INVALID_ARGUMENT', argument: 'memberId' });
  assert.is(sent.length, 0);
});

test('the deadline of alarmDisarm is for all of its RPCs together', async () => {
  const { sent, maintenance, clock } = recorder((call) => {
    clock.time += 10;
    return alarms(call);
  });
  await maintenance.alarmDisarm({}, { timeoutMs: 35 });
  assert.equal(
    sent.map((each) => each.options.timeoutMs),
    [35, 25, 15, 5],
  );
});

const three = ['http://a:1', 'http://b:1', 'http://c:1'];

/** Three members with the ids 1, 2 and 3, of which `leader` is the leader and those in `down` do not answer. */
function members(leader: bigint, down: readonly string[] = []): Answer {
  return ({ name, options }) => {
    if (name !== 'Status') return {};
    if (down.includes(options.endpoint ?? '')) throw unavailable;
    return { header: { memberId: BigInt(three.indexOf(options.endpoint ?? '') + 1) }, leader };
  };
}

test('M-11 moveLeader finds the leader and goes there', async () => {
  const { sent, maintenance } = recorder(members(2n, ['http://a:1']), three);
  await maintenance.moveLeader(3n, { timeoutMs: 100 });
  const moves = sent.filter((each) => each.name === 'MoveLeader');
  assert.equal(moves, [
    { name: 'MoveLeader', request: { targetId: 3n }, options: { timeoutMs: 100, endpoint: 'http://b:1' } },
  ]);
});

test('M-11 moveLeader does not wait for endpoints that do not answer, and ends their calls', async () => {
  let left: AbortSignal | undefined;
  const { maintenance } = recorder((call) => {
    if (call.options.endpoint !== 'http://a:1') return members(2n)(call);
    left = call.options.signal;
    return new Promise(() => {});
  }, three);
  await maintenance.moveLeader(3n);
  assert.ok(left?.aborted);
});

test('M-11 moveLeader goes to the given member', async () => {
  const { sent, maintenance } = recorder(members(2n), three);
  await maintenance.moveLeader(3n, { endpoint: 'http://c:1' });
  assert.equal(
    sent.map((each) => [each.name, each.options.endpoint]),
    [['MoveLeader', 'http://c:1']],
  );
});

test('M-11 moveLeader says that no endpoint is the leader, and whether all were heard', async () => {
  const all = recorder(members(9n), three);
  const error = await rejects<EtcdError>(all.maintenance.moveLeader(3n), {
    code: 'NOT_LEADER',
    outcome: 'not-applied',
  });
  assert.match(error.message, /none of the endpoints http:\/\/a:1, http:\/\/b:1, http:\/\/c:1 is the leader$/);
  const some = recorder(members(2n, ['http://b:1']), three);
  const unheard = await rejects<EtcdError>(some.maintenance.moveLeader(3n), /not all of them answer/);
  assert.is((unheard.cause as EtcdError).message, unavailable.message);
  assert.not(some.sent.some((each) => each.name === 'MoveLeader'));
});

test('M-11 moveLeader rejects with the reason of an abort', async () => {
  const reason = new Error('enough');
  const { maintenance } = recorder(() => {
    throw reason;
  }, three);
  const error = await rejects(maintenance.moveLeader(3n, { signal: AbortSignal.abort(reason) }));
  assert.is(error, reason);
  await rejects(maintenance.moveLeader(0), { code: 'INVALID_ARGUMENT', argument: 'targetId' });
});

test('M-12 downgrade refuses actions that there are not, and a missing version', async () => {
  const { sent, maintenance } = recorder();
  await maintenance.downgrade('validate', '3.5');
  await maintenance.downgrade('cancel');
  assert.equal(
    sent.map((each) => each.request),
    [
      { action: 'validate', version: '3.5' },
      { action: 'cancel', version: '' },
    ],
  );
  await rejects(maintenance.downgrade('undo' as never, '3.5'), { code: 'INVALID_ARGUMENT', argument: 'action' });
  await rejects(maintenance.downgrade('enable'), { code: 'INVALID_ARGUMENT', argument: 'version' });
  await rejects(maintenance.downgrade('enable', 3.5 as never), { code: 'INVALID_ARGUMENT', argument: 'version' });
});

test.run();
