import { assert, suite } from '@etcdts/testing';
import type { EtcdError } from '../errors.ts';
import { FakeTransport } from './fakes.test.kit.ts';
import type { Picker, Waiter } from './picker.ts';
import type { Slot } from './slot.ts';

const test = suite('picker and slots');

class Waiting implements Waiter {
  readonly avoid: readonly string[] | undefined;
  slot: Slot | undefined;
  error: EtcdError | undefined;
  told = 0;
  stop: () => void = () => {};

  constructor(avoid?: readonly string[]) {
    this.avoid = avoid;
  }

  onSlot(slot: Slot): void {
    this.slot = slot;
    this.told++;
  }

  onFailure(error: EtcdError): void {
    this.error = error;
    this.told++;
  }
}

function wait(picker: Picker, endpoint?: string, avoid?: readonly string[]): Waiting {
  const waiting = new Waiting(avoid);
  waiting.stop = picker.wait(endpoint, waiting);
  return waiting;
}

/** A picker that is connected to all its endpoints. */
function connected(...endpoints: string[]): { transport: FakeTransport; picker: Picker } {
  const transport = new FakeTransport();
  const picker = transport.picker(...endpoints);
  wait(picker);
  for (const connection of transport.connections) connection.ready();
  return { transport, picker };
}

const picks = (picker: Picker, transport: FakeTransport, count: number): string =>
  Array.from({ length: count }, () => picker.pick(transport.clock.now())?.endpoint.host).join('');

test('CL-01 V-02 nothing connects before the first call', () => {
  const transport = new FakeTransport();
  transport.picker('a:1', 'b:1');
  assert.is(transport.connections.length, 0);
  assert.is(transport.clock.timers.size, 0);
});

test('the first call connects to all endpoints at once, and goes to the first that stands', () => {
  const transport = new FakeTransport();
  const picker = transport.picker('a:1', 'b:1', 'c:1');
  const first = wait(picker);
  const second = wait(picker);
  assert.is(transport.connections.length, 3);
  transport.to('b:1').ready();
  assert.is(first.slot?.endpoint.host, 'b');
  assert.is(second.slot?.endpoint.host, 'b');
  assert.is(first.told, 1);
  transport.to('a:1').ready();
  assert.is(first.told, 1);
});

test('calls go round the connected endpoints', () => {
  const { transport, picker } = connected('a:1', 'b:1', 'c:1');
  assert.equal([...picks(picker, transport, 9)].sort().join(''), 'aaabbbccc');
  transport.to('b:1').lose();
  transport.clock.time += 1;
  assert.not.match(picks(picker, transport, 6), /b/);
});

test('CL-10 an endpoint that stays silent with calls on it is used last, and again once it answers', () => {
  const { transport, picker } = connected('a:1', 'b:1');
  const { clock } = transport;
  const [silent] = picker.slots as [Slot];
  silent.health.callSent(clock.now());
  clock.time += 1_000;
  assert.match(picks(picker, transport, 4), /a/);
  clock.time += 1;
  assert.is(picks(picker, transport, 4), 'bbbb');
  silent.health.callEnded(clock.now(), true);
  assert.match(picks(picker, transport, 4), /a/);
});

test('where all are silent, one of them is used all the same', () => {
  const { transport, picker } = connected('a:1', 'b:1');
  for (const slot of picker.slots) slot.health.callSent(transport.clock.now());
  transport.clock.time += 2_000;
  assert.match(picks(picker, transport, 2), /^[ab]{2}$/);
});

test('H12 an endpoint on which a call was given up in silence is left alone for 5 s', () => {
  const { transport, picker } = connected('a:1', 'b:1');
  const { clock } = transport;
  const [silent] = picker.slots as [Slot];
  silent.health.callSent(clock.now());
  clock.time += 1_200;
  silent.health.callEnded(clock.now(), false);
  assert.is(picks(picker, transport, 4), 'bbbb');
  clock.time += 4_999;
  assert.is(picks(picker, transport, 4), 'bbbb');
  clock.time += 1;
  assert.match(picks(picker, transport, 4), /a/);
});

test('a call that is given up early says nothing of its endpoint', () => {
  const { transport, picker } = connected('a:1', 'b:1');
  const [slot] = picker.slots as [Slot];
  slot.health.callSent(transport.clock.now());
  transport.clock.time += 10;
  slot.health.callEnded(transport.clock.now(), false);
  assert.match(picks(picker, transport, 4), /a/);
});

test('calls that an earlier connection left behind do not count on the next one', () => {
  const { transport, picker } = connected('a:1', 'b:1');
  const { clock } = transport;
  const [slot] = picker.slots as [Slot];
  const left = slot.health;
  for (let i = 0; i < 3; i++) left.callSent(clock.now());
  transport.to('a:1').lose();
  slot.connect();
  transport.to('a:1').ready();
  for (let i = 0; i < 3; i++) left.callEnded(clock.now(), true);
  clock.time += 2_000;
  assert.not.ok(slot.health.suspect(clock.now()));
  slot.health.callSent(clock.now());
  clock.time += 1_001;
  assert.ok(slot.health.suspect(clock.now()));
});

test('what was doubted of a connection is forgotten with it', () => {
  const { transport, picker } = connected('a:1', 'b:1');
  const { clock } = transport;
  const [slot] = picker.slots as [Slot];
  slot.health.callSent(clock.now());
  clock.time += 1_200;
  slot.health.callEnded(clock.now(), false);
  assert.ok(slot.health.suspect(clock.now()));
  transport.to('a:1').lose();
  slot.connect();
  transport.to('a:1').ready();
  assert.not.ok(slot.health.suspect(clock.now()));
});

test('a lost endpoint is connected again in the background as calls come, with a growing cool-down', () => {
  const { transport, picker } = connected('a:1', 'b:1');
  const { clock } = transport;
  const attempts = (): number => transport.connections.filter(({ endpoint }) => endpoint.host === 'a').length;
  transport.to('a:1').lose();
  const due: number[] = [];
  for (let ms = 0; ms < 20_000; ms += 10) {
    const before = attempts();
    picker.pick(clock.now());
    if (attempts() > before) {
      due.push(clock.now());
      transport.to('a:1').lose();
    }
    clock.time += 10;
  }
  const gaps = due.slice(1).map((at, i) => at - (due[i] as number));
  assert.ok(gaps.length >= 7 && gaps.length < 12, gaps.join());
  for (const [i, gap] of gaps.entries()) {
    const ceiling = Math.min(50 * 2 ** i, 5_000);
    assert.ok(gap >= ceiling && gap <= ceiling + 60, gaps.join());
  }
  clock.time += 10_000;
  picker.pick(clock.now());
  transport.to('a:1').ready();
  assert.match(picks(picker, transport, 4), /a/);
});

test('CF-03 H9 a connection that does not stand within the connect deadline is given up, and closed', async () => {
  const transport = new FakeTransport();
  const picker = transport.picker('a:1');
  const waiting = wait(picker);
  const connection = transport.to('a:1');
  await transport.clock.advance(499);
  assert.is(waiting.told, 0);
  await transport.clock.advance(1);
  assert.is(waiting.error?.code, 'UNAVAILABLE');
  assert.is(connection.state, 'closed');
  assert.match(waiting.error?.message as string, /a:1: no connection within 500 ms/);
  connection.ready();
  assert.is(picker.pick(transport.clock.now())?.endpoint.host, undefined);
});

test('the connect deadline holds the process, and is gone when the connection stands', () => {
  const transport = new FakeTransport();
  wait(transport.picker('a:1'));
  assert.is(transport.clock.holding, true);
  transport.to('a:1').ready();
  assert.is(transport.clock.timers.size, 0);
});

test('when all endpoints have failed, those who wait learn each reason, once', () => {
  const transport = new FakeTransport();
  const picker = transport.picker('a:1', 'b:1');
  const waiting = wait(picker);
  transport.to('a:1').lose('ECONNREFUSED a\u001b[31m');
  assert.is(waiting.told, 0);
  transport.to('b:1').lose('ECONNREFUSED b');
  assert.is(waiting.told, 1);
  const error = waiting.error as EtcdError;
  assert.is(error.code, 'UNAVAILABLE');
  assert.is(error.grpcCode, 14);
  assert.is(error.outcome, 'not-applied');
  assert.is(error.message, 'UNAVAILABLE: no connection: a:1: ECONNREFUSED a [31m; b:1: ECONNREFUSED b');
  assert.is(error.endpoint, undefined);
});

test('H13 if TLS failed at every endpoint, the code is TLS_FAILED, and nothing was sent', () => {
  const transport = new FakeTransport();
  const picker = transport.picker('a:1', 'b:1');
  const all = wait(picker);
  transport.to('a:1').lose('TLS handshake failed: bad certificate', true);
  transport.to('b:1').lose('TLS handshake failed: bad certificate', true);
  const error = all.error as EtcdError;
  assert.match(error.message, /^TLS_FAILED: a:1: TLS handshake failed/);
  assert.equal([error.code, error.grpcCode, error.outcome], ['TLS_FAILED', 14, 'not-applied']);
  const some = wait(picker);
  transport.to('a:1').lose('TLS handshake failed: bad certificate', true);
  transport.to('b:1').lose('refused', false);
  assert.match((some.error as EtcdError).message, /^UNAVAILABLE: no connection: a:1: TLS handshake failed/);
});

test('a call after all have failed tries again at once', () => {
  const transport = new FakeTransport();
  const picker = transport.picker('a:1');
  const first = wait(picker);
  transport.to('a:1').lose();
  assert.is(first.told, 1);
  const second = wait(picker);
  assert.is(transport.connections.length, 2);
  transport.to('a:1').ready();
  assert.is(second.slot?.endpoint.host, 'a');
});

test('whoever stops waiting is not told', () => {
  const transport = new FakeTransport();
  const waiting = wait(transport.picker('a:1'));
  waiting.stop();
  transport.to('a:1').ready();
  assert.is(waiting.told, 0);
});

test('a named endpoint is used alone, in the list or outside it, and keeps its connection', () => {
  const { transport, picker } = connected('a:1', 'b:1');
  assert.is(wait(picker, 'b:1').slot?.endpoint.host, 'b');
  assert.is(transport.connections.length, 2);
  const outside = wait(picker, 'c:1');
  transport.to('c:1').ready();
  assert.is(outside.slot?.endpoint.host, 'c');
  assert.is(wait(picker, 'c:1').slot, outside.slot);
  assert.is(transport.connections.length, 3);
  assert.not.match(picks(picker, transport, 6), /c/);
  const failing = wait(picker, 'd:1');
  transport.to('d:1').lose('refused');
  assert.is(failing.error?.endpoint, 'd:1');
  assert.throws(() => wait(picker, 'ftp://d'), /INVALID_ARGUMENT: endpoint/);
});

test('setEndpoints keeps the connections that stay, drains those that go, and moves their streams', () => {
  const { transport, picker } = connected('a:1', 'b:1');
  const reasons: string[] = [];
  const [a, b] = picker.slots as [Slot, Slot];
  for (const slot of [a, b])
    slot.residents.add({ evict: (reason) => void reasons.push(`${slot.endpoint.host}: ${reason}`) });
  picker.setEndpoints(['b:1', 'c:1']);
  assert.equal(
    picker.slots.map(({ endpoint }) => endpoint.address),
    ['b:1', 'c:1'],
  );
  assert.is(picker.slots[0], b);
  assert.is(transport.to('a:1').state, 'draining');
  assert.is(transport.to('b:1').state, 'ready');
  assert.equal(reasons, ['a: the endpoint was removed']);
  assert.is(picks(picker, transport, 2), 'bb');
  assert.throws(() => picker.setEndpoints([]), /NO_AVAILABLE_ENDPOINTS/);
});

test('setEndpoints serves those who wait', () => {
  const transport = new FakeTransport();
  const picker = transport.picker('a:1');
  const waiting = wait(picker);
  picker.setEndpoints(['b:1']);
  assert.is(transport.to('a:1').state, 'draining');
  transport.to('b:1').ready();
  assert.is(waiting.slot?.endpoint.host, 'b');
});

test('an endpoint that was removed never comes back, whatever its connection does', () => {
  const transport = new FakeTransport();
  const picker = transport.picker('a:1', 'b:1');
  wait(picker);
  const removed = transport.to('a:1');
  picker.setEndpoints(['b:1']);
  removed.ready();
  removed.lose();
  assert.is(picker.pick(transport.clock.now()), undefined);
  assert.is(transport.connections.length, 2);
});

test('close ends connections in every state, ends those who wait, and leaves no timer', () => {
  const transport = new FakeTransport();
  const picker = transport.picker('a:1', 'b:1', 'c:1');
  wait(picker);
  transport.to('a:1').ready();
  transport.to('b:1').lose();
  const named = wait(picker, 'd:1');
  picker.close();
  assert.equal(
    transport.connections.map(({ state }) => state),
    ['closed', 'closed', 'closed', 'closed'],
  );
  assert.is(named.error?.code, 'CLIENT_CLOSED');
  assert.is(transport.clock.timers.size, 0);
  assert.is(wait(picker).error?.code, 'CLIENT_CLOSED');
  assert.is(picker.pick(transport.clock.now() + 60_000), undefined);
  assert.is(transport.connections.length, 4);
  assert.throws(() => picker.setEndpoints(['a:1']), /CLIENT_CLOSED/);
  picker.close();
});

test('a transport that throws is an endpoint that cannot be reached', async () => {
  const transport = new FakeTransport();
  const picker = transport.picker('a:1', 'b:1');
  const connect = transport.connect.bind(transport);
  transport.connect = (endpoint, options) => {
    if (endpoint.host === 'a') throw new Error('no such device');
    return connect(endpoint, options);
  };
  const waiting = wait(picker);
  await transport.clock.advance(0);
  assert.is(waiting.told, 0);
  transport.to('b:1').lose('refused');
  assert.match(waiting.error?.message as string, /a:1: no such device; b:1: refused/);
  assert.is(transport.clock.timers.size, 0);
});

test('a call goes to an endpoint that it avoids only where no other stands or may yet', () => {
  const transport = new FakeTransport();
  const picker = transport.picker('a:1', 'b:1', 'c:1');
  wait(picker);
  transport.to('a:1').ready();
  const avoid = ['a:1'];
  assert.is(picker.pick(transport.clock.now(), avoid), undefined);
  const patient = wait(picker, undefined, avoid);
  assert.is(patient.told, 0);
  transport.to('b:1').ready();
  assert.is(patient.slot?.endpoint.host, 'b');
  transport.to('b:1').lose();
  transport.to('c:1').lose();
  const hopeful = wait(picker, undefined, avoid);
  assert.is(hopeful.told, 0, 'b stood before');
  transport.to('b:1').lose();
  assert.is(hopeful.slot?.endpoint.host, 'a');
  assert.is(wait(picker, undefined, avoid).slot?.endpoint.host, 'a', 'at once, for the others have failed to connect');
});

test('D20 a connection that stands while nobody waits ends a long wait, too', async () => {
  const transport = new FakeTransport();
  const picker = transport.picker('a:1');
  const alarms = (): readonly string[] => transport.log.filter((line) => line.startsWith('alarm'));
  /** Waits for a second, and is refused. */
  const attempt = async (): Promise<void> => {
    wait(picker);
    await transport.clock.advance(400);
    transport.to('a:1').lose('refused');
    await transport.clock.advance(600);
  };
  await attempt();
  wait(picker).stop();
  transport.to('a:1').ready();
  transport.to('a:1').lose();
  for (let second = 1; second < 11; second++) await attempt();
  assert.equal(alarms(), []);
  await attempt();
  assert.equal(alarms(), ['alarm: calls or watches have waited 10 s for a connection: a:1: refused']);
});

test.run();
