import { assert, suite } from '@etcdts/testing';
import { brief, frame, GRPC } from './fake-frames.test.kit.ts';
import { FakePeer } from './fake-peer.test.kit.ts';

const test = suite('streams');

test('many streams that were reset here are remembered; of those before, anything is passed over', async () => {
  const peer = await FakePeer.ready();
  // More than are remembered.
  const MANY = 33_000;
  const calls = Array.from({ length: MANY }, () => peer.start().call);
  await peer.frames();
  for (const call of calls) call.cancel();
  await peer.frames();
  // The oldest is forgotten, the newest is not.
  for (const id of [1, 1, 2 * MANY - 1]) peer.send(frame.headers(id, GRPC), frame.data(id, Buffer.from('x')));
  peer.send(frame.reset(2 * MANY - 1, 8));
  assert.equal(peer.reports, ['ready']);
  peer.send(frame.data(2 * MANY - 1, Buffer.from('x')));
  assert.equal(brief(await peer.frames()), ['GOAWAY 5']);
});

test('ids go on behind streams that are over', async () => {
  const peer = await FakePeer.ready({}, { firstStreamId: 101 });
  for (const id of [101, 103, 105]) {
    const talk = peer.ask();
    assert.equal(brief(await peer.frames()), [`HEADERS ${id}`, `DATA ${id} end`]);
    peer.send(frame.answer(id, 'x'));
    assert.is(talk.status?.code, 0);
  }
});

test.run();
