import { assert, suite } from '@etcdts/testing';
import { FakeTransport } from './fakes.test.kit.ts';
import type { Picker } from './picker.ts';
import type { Slot } from './slot.ts';

const test = suite('endpoints that only calls name');

/** A call names an endpoint and gets its connection. */
function named(transport: FakeTransport, picker: Picker, endpoint: string): Slot {
  let got: Slot | undefined;
  const onFailure = (error: Error): void => {
    throw error;
  };
  picker.wait(endpoint, { onSlot: (slot) => (got = slot), onFailure });
  if (got === undefined) transport.connections.at(-1)?.ready();
  return got as unknown as Slot;
}

function bed(): { transport: FakeTransport; picker: Picker } {
  const transport = new FakeTransport();
  return { transport, picker: transport.picker('a:1') };
}

test('an endpoint that no call has named for 30 s is let go, with its timer', async () => {
  const { transport, picker } = bed();
  named(transport, picker, 'b:1');
  named(transport, picker, 'c:1');
  await transport.clock.advance(20_000);
  named(transport, picker, 'c:1');
  await transport.clock.advance(15_000);
  assert.equal([transport.to('b:1').state, transport.to('c:1').state], ['draining', 'ready']);
  await transport.clock.advance(20_000);
  assert.is(transport.to('c:1').state, 'draining');
  assert.is(transport.clock.timers.size, 0);
  named(transport, picker, 'b:1');
  assert.is(transport.connections.filter(({ endpoint }) => endpoint.address === 'b:1').length, 2);
});

test('an endpoint with a call or a stream under way is kept, and for 30 s after its end', async () => {
  const { transport, picker } = bed();
  const call = named(transport, picker, 'b:1');
  const stream = named(transport, picker, 'c:1');
  call.health.callSent(transport.clock.now());
  const resident = { evict: () => assert.unreachable('a stream under way was evicted') };
  stream.residents.add(resident);
  await transport.clock.advance(600_000);
  assert.equal([transport.to('b:1').state, transport.to('c:1').state], ['ready', 'ready']);
  call.health.callEnded(transport.clock.now(), true);
  stream.residents.delete(resident);
  await transport.clock.advance(25_000);
  assert.is(transport.to('b:1').state, 'ready');
  await transport.clock.advance(15_000);
  assert.equal([transport.to('b:1').state, transport.to('c:1').state], ['draining', 'draining']);
});

test('an endpoint for which a call waits is kept', async () => {
  const { transport, picker } = bed();
  let failed = 0;
  picker.wait('b:1', { onSlot() {}, onFailure: () => void failed++ });
  await transport.clock.advance(400);
  assert.is(transport.to('b:1').state, 'connecting');
  await transport.clock.advance(100);
  assert.is(failed, 1);
  await transport.clock.advance(40_000);
  assert.is(transport.clock.timers.size, 0);
});

test('one endpoint has one connection, however calls and the list spell it', () => {
  const { transport, picker } = bed();
  for (const spelling of ['a:1', 'http://a:1', 'HTTP://A:1/']) named(transport, picker, spelling);
  assert.is(transport.connections.length, 1);
  const first = named(transport, picker, 'b:1');
  for (const spelling of ['http://b:1', 'http://b:1/', 'B:1']) assert.is(named(transport, picker, spelling), first);
  assert.is(transport.connections.length, 2);
});

test('an endpoint that comes into the list keeps its connection, and is spelled as the list does', async () => {
  const { transport, picker } = bed();
  const slot = named(transport, picker, 'b:1');
  picker.setEndpoints(['http://a:1', 'http://b:1', 'b:1']);
  assert.is(picker.slots[1], slot);
  assert.equal(
    picker.slots.map(({ endpoint }) => endpoint.address),
    ['http://a:1', 'http://b:1'],
  );
  await transport.clock.advance(600_000);
  assert.is(transport.to('b:1').state, 'ready');
  assert.is(transport.connections.length, 1);
});

test('closing the client ends them at once', () => {
  const { transport, picker } = bed();
  named(transport, picker, 'b:1');
  picker.close();
  assert.is(transport.to('b:1').state, 'closed');
  assert.is(transport.clock.timers.size, 0);
});

test.run();
