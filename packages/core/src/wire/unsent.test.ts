import { assert, rejects, settle, suite } from '@etcdts/testing';
import type { EtcdError } from '../errors.ts';
import { methods } from '../methods.ts';
import { foldPipeline } from '../pipeline/fold.ts';
import { FakeTransport, type FakeCall } from '../transport/fakes.test.kit.ts';
import type { WireParts } from './wire-parts.ts';
import { wireParts } from './wire-parts.test.kit.ts';

const test = suite('calls that wait for a stream');

const WHY = 'the call waits for a stream: the peer allows 2 at a time';
const PUT = { key: Buffer.from('k'), value: Buffer.from('v') };

interface Bed {
  readonly transport: FakeTransport;
  readonly parts: WireParts;
  readonly wire: FakeCall;
  readonly put: Promise<unknown>;
}

/** A put that was given to a connection whose peer allows no more streams. */
function crowded(timeoutMs = 100): Bed {
  const transport = new FakeTransport();
  const parts = wireParts(transport, ['a:1']);
  const put = foldPipeline([], parts).unary(methods.put, PUT, { timeoutMs });
  put.catch(() => {});
  transport.to('a:1').ready();
  const wire = transport.to('a:1').call;
  wire.unsent = WHY;
  return { transport, parts, wire, put };
}

test('the deadline of a call that waits for a stream is not-applied, with the reason', async () => {
  const { transport, wire, put } = crowded();
  await transport.clock.advance(110);
  const error = await rejects<EtcdError>(put, { code: 'DEADLINE_EXCEEDED', outcome: 'not-applied', endpoint: 'a:1' });
  assert.ok(error.message.includes(WHY), error.message);
  assert.ok(wire.cancelled);
});

test('a call that has its stream by then may have been applied', async () => {
  const { transport, wire, put } = crowded();
  wire.unsent = undefined;
  await transport.clock.advance(110);
  await rejects(put, { code: 'DEADLINE_EXCEEDED', outcome: 'unknown', message: /no answer/ });
});

test('closing the client while a call waits for a stream is not-applied', async () => {
  const { parts, put } = crowded();
  for (const one of [...parts.underWay]) one.closeNow();
  await rejects(put, { code: 'CLIENT_CLOSED', outcome: 'not-applied' });
});

test('a stream that waits says the same at its deadline', async () => {
  const transport = new FakeTransport();
  const parts = wireParts(transport, ['a:1']);
  const stream = foldPipeline([], parts).stream(methods.leaseKeepAlive, undefined as never, { timeoutMs: 100 });
  transport.to('a:1').ready();
  transport.to('a:1').call.unsent = WHY;
  const end = rejects<EtcdError>(
    stream.forEach(() => {}),
    { code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' },
  );
  await transport.clock.advance(110);
  assert.ok((await end).message.includes(WHY));
});

test('the log has it once for an endpoint that calls wait for streams, however often they do', async () => {
  const { transport } = crowded();
  transport.to('a:1').crowd(2);
  transport.to('a:1').crowd(2);
  await settle();
  assert.equal(transport.log, ['a:1: calls wait for a stream: the peer allows 2 at a time']);
});

test.run();
