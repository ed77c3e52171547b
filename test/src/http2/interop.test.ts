// limit: 400 s
// The cases of grpc's interop clients, on the service of grpc-js and, where there is Go, on that of grpc-go.
import { createClient, type EtcdClient } from '@etcdts/core';
import { grpcTransport, invoke, invokeStream, type Transport } from '@etcdts/core/plugin';
import { http2Transport } from '@etcdts/http2';
import { assert, eventually, rejects, suite, type Suite } from '@etcdts/testing';
import { buildGo, Program } from '../concurrency/programs.ts';
import { payload, TestService, UnimplementedCall } from './interop-protocol.ts';
import { startGrpcJs, type InteropServer } from './interop-server.test.kit.ts';
import { Wire } from './wire.ts';

const SIZES = [31_415, 9, 2_653, 58_979];
const SPECIAL = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n';

async function startGo(path: string): Promise<InteropServer> {
  const program = new Program(path, []);
  const [first] = await program.printed(1);
  const bytes = (line: string): Record<string, Buffer> =>
    Object.fromEntries(
      Object.entries(JSON.parse(line) as Record<string, string>).map(([name, value]) => [
        name,
        Buffer.from(value, 'base64'),
      ]),
    );
  return {
    port: (JSON.parse(first as string) as { port: number }).port,
    seen: () => program.lines.slice(1).map(bytes),
    stop: () => program.write('stop'),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

function cases(test: Suite, start: () => Promise<InteropServer>, transport: () => Transport): void {
  let server: InteropServer;
  let client: EtcdClient;
  test.before(async () => {
    server = await start();
    client = createClient({ endpoints: `127.0.0.1:${server.port}`, transport: transport() });
  });
  test.after(async () => {
    await client.close();
    await server[Symbol.asyncDispose]();
  });

  test('empty_unary', async () => {
    assert.equal(await invoke(client, TestService.EmptyCall, {}), {});
  });

  test('large_unary', async () => {
    const request = { responseSize: 314_159, payload: payload(271_828) };
    const response = await invoke(client, TestService.UnaryCall, request);
    assert.is(response.payload?.body.length, 314_159);
    assert.ok(response.payload?.body.equals(Buffer.alloc(314_159)));
  });

  test('large_unary beyond every window, eight at a time', async () => {
    await using large = createClient({
      endpoints: `127.0.0.1:${server.port}`,
      transport: transport(),
      maxSendBytes: 1 << 30,
    });
    const sizes = Array.from({ length: 8 }, (_, i) => 2_000_000 + i);
    const responses = await Promise.all(
      sizes.map((size) =>
        invoke(large, TestService.UnaryCall, { responseSize: size + 500_000, payload: payload(size) }),
      ),
    );
    assert.equal(
      responses.map((response) => response.payload?.body.length),
      sizes.map((size) => size + 500_000),
    );
  });

  test('client_streaming', async () => {
    const stream = invokeStream(client, TestService.StreamingInputCall);
    for (const size of [27_182, 8, 1_828, 45_904]) stream.send({ payload: payload(size) });
    stream.end();
    assert.equal(await all(stream), [{ aggregatedPayloadSize: 74_922 }]);
  });

  test('server_streaming', async () => {
    const request = { responseParameters: SIZES.map((size) => ({ size })) };
    const stream = invokeStream(client, TestService.StreamingOutputCall, request);
    assert.equal(
      (await all(stream)).map((response) => response.payload.body.length),
      SIZES,
    );
  });

  test('ping_pong', async () => {
    const stream = invokeStream(client, TestService.FullDuplexCall);
    const responses = stream[Symbol.asyncIterator]();
    const asked = [27_182, 8, 1_828, 45_904];
    for (const [i, size] of SIZES.entries()) {
      stream.send({ responseParameters: [{ size }], payload: payload(asked[i] as number) });
      const { value } = await responses.next();
      assert.is(value?.payload.body.length, size);
    }
    stream.end();
    assert.is((await responses.next()).done, true);
  });

  test('empty_stream', async () => {
    const stream = invokeStream(client, TestService.FullDuplexCall);
    stream.end();
    assert.equal(await all(stream), []);
  });

  test('cancel_after_begin', async () => {
    const abort = new AbortController();
    const reason = new Error('cancelled after the begin');
    const stream = invokeStream(client, TestService.StreamingInputCall, undefined, { signal: abort.signal });
    const end = all(stream);
    abort.abort(reason);
    await rejects(end, (error) => assert.is(error, reason));
  });

  test('cancel_after_first_response', async () => {
    const abort = new AbortController();
    const reason = new Error('cancelled after the first response');
    const stream = invokeStream(client, TestService.FullDuplexCall, undefined, { signal: abort.signal });
    stream.send({ responseParameters: [{ size: 31_415 }], payload: payload(27_182) });
    const responses = stream[Symbol.asyncIterator]();
    assert.is((await responses.next()).value?.payload.body.length, 31_415);
    abort.abort(reason);
    await rejects(responses.next(), (error) => assert.is(error, reason));
    assert.equal(await invoke(client, TestService.EmptyCall, {}), {}, 'the connection serves other calls');
  });

  test('timeout_on_sleeping_server', async () => {
    const request = { responseParameters: [{ size: 31_415, intervalUs: 5_000_000 }] };
    const stream = invokeStream(client, TestService.StreamingOutputCall, request, { timeoutMs: 30 });
    await rejects(all(stream), { code: 'DEADLINE_EXCEEDED' });
  });

  test('custom_metadata', async () => {
    const metadata = { 'x-grpc-test-echo-initial': 'test_initial_metadata_value' };
    const before = server.seen().length;
    await invoke(client, TestService.UnaryCall, { responseSize: 1 }, { metadata });
    const stream = invokeStream(client, TestService.FullDuplexCall, undefined, { metadata });
    stream.end();
    await all(stream);
    await eventually(() => server.seen().length === before + 2);
    for (const seen of server.seen().slice(before)) {
      assert.is(seen['x-grpc-test-echo-initial']?.toString(), 'test_initial_metadata_value');
    }
  });

  test('status_code_and_message', async () => {
    const responseStatus = { code: 2, message: 'test status message' };
    const isIt = { code: 'UNKNOWN', message: /: test status message$/ } as const;
    await rejects(invoke(client, TestService.UnaryCall, { responseStatus }), isIt);
    const stream = invokeStream(client, TestService.FullDuplexCall);
    stream.send({ responseStatus });
    stream.end();
    await rejects(all(stream), isIt);
  });

  test('special_status_message', async () => {
    await using wire = new Wire(transport(), server.port);
    await wire.ready.promise;
    // A SimpleRequest with a response_status of code and message.
    const text = Buffer.from(SPECIAL);
    const echo = Buffer.concat([Buffer.from([0x08, 2, 0x12, text.length]), text]);
    const request = Buffer.concat([Buffer.from([0x3a, echo.length]), echo]);
    const status = await wire.start(TestService.UnaryCall.path, {}, request).status.promise;
    assert.equal(status, { code: 2, details: SPECIAL, reach: 'sent' });
  });

  test('unimplemented_method', async () => {
    await rejects(invoke(client, TestService.UnimplementedCall, {}), { code: 'UNIMPLEMENTED' });
  });

  test('unimplemented_service', async () => {
    await rejects(invoke(client, UnimplementedCall, {}), { code: 'UNIMPLEMENTED' });
  });

  test('a server that stops gracefully serves the call under way, and another one serves the next', async () => {
    await using stopping = await start();
    await using other = await start();
    const endpoints = [`127.0.0.1:${stopping.port}`, `127.0.0.1:${other.port}`];
    await using both = createClient({ endpoints, transport: transport() });
    const stream = invokeStream(both, TestService.FullDuplexCall, undefined, { endpoint: endpoints[0] as string });
    const responses = stream[Symbol.asyncIterator]();
    const ask = async (): Promise<void> => {
      stream.send({ responseParameters: [{ size: 10 }] });
      assert.is((await responses.next()).value?.payload.body.length, 10);
    };
    await ask();
    stopping.stop();
    for (let i = 0; i < 20; i++) {
      await ask();
      assert.equal(await invoke(both, TestService.EmptyCall, {}), {});
    }
    stream.end();
    assert.is((await responses.next()).done, true);
  });
}

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of stream) found.push(one);
  return found;
}

const built = await buildGo('interop');

for (const [name, transport] of [
  ['http2', http2Transport],
  ['grpc-js', grpcTransport],
] as const) {
  const onGrpcJs = suite(`interop cases on ${name}, of grpc-js`, { timeoutMs: 20_000 });
  cases(onGrpcJs, startGrpcJs, transport);
  onGrpcJs.run();

  const onGo = suite(`interop cases on ${name}, of grpc-go`, { timeoutMs: 20_000 });
  if ('missing' in built) onGo.skip('all cases', built.missing);
  else cases(onGo, () => startGo(built.path), transport);
  onGo.run();
}
