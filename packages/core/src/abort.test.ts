import { assert, settle, suite } from '@etcdts/testing';
import { getEventListeners } from 'node:events';
import { onAbort } from './abort.ts';
import { FakeTransport } from './transport/fakes.test.kit.ts';
import { foldPipeline } from './pipeline/fold.ts';
import { wireParts } from './wire/wire-parts.test.kit.ts';
import { methods } from './methods.ts';

const test = suite('onAbort');

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

test('all who wait are called once, by one listener', () => {
  const controller = new AbortController();
  let calls = 0;
  for (let i = 0; i < 100; i++) onAbort(controller.signal, () => calls++);
  assert.is(listeners(controller.signal), 1);
  controller.abort();
  assert.is(calls, 100);
  assert.is(listeners(controller.signal), 0);
});

test('whoever stops is not called, and the last one takes the listener along', () => {
  const controller = new AbortController();
  const act = (): void => assert.unreachable();
  const stops = [onAbort(controller.signal, act), onAbort(controller.signal, act)];
  stops[0]?.();
  assert.is(listeners(controller.signal), 1);
  stops[1]?.();
  stops[1]?.();
  assert.is(listeners(controller.signal), 0);
  controller.abort();
});

test('one that is called may stop another', () => {
  const controller = new AbortController();
  let stop: () => void = () => {};
  onAbort(controller.signal, () => stop());
  stop = onAbort(controller.signal, () => assert.unreachable());
  controller.abort();
});

test('H38 a hundred calls and streams at once on one signal warn of nothing, and leave no listener', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on('warning', note);
  const transport = new FakeTransport();
  const pipeline = foldPipeline([], wireParts(transport, ['a:1']));
  const controller = new AbortController();
  const { signal } = controller;
  const request = { key: Buffer.from('k'), rangeEnd: Buffer.alloc(0) };
  const calls = Array.from({ length: 100 }, () => pipeline.unary(methods.range, request as never, { signal }));
  const streams = Array.from({ length: 100 }, () => pipeline.stream(methods.watch, undefined as never, { signal }));
  const connection = transport.to('a:1');
  connection.ready();
  for (const call of connection.calls.filter(({ path }) => path.endsWith('Range'))) call.reply(Buffer.from([0x0a, 0]));
  await Promise.all(calls);
  for (const stream of streams) stream.cancel();
  assert.is(listeners(signal), 0);
  const reason = new Error('enough');
  const aborted = Array.from({ length: 100 }, () => pipeline.unary(methods.range, request as never, { signal }));
  controller.abort(reason);
  const results = await Promise.allSettled(aborted);
  assert.ok(results.every((result) => result.status === 'rejected' && result.reason === reason));
  await settle();
  assert.is(listeners(signal), 0);
  process.off('warning', note);
  assert.equal(warnings, []);
});

test.run();
