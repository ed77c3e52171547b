import { assert, rejects, suite, type FakeClock } from '@etcdts/testing';
import { container } from 'tsyringe';
import type { Interceptor } from './call.ts';
import { createClient, type EtcdClient } from './client.ts';
import type { EtcdError } from './errors.ts';
import { tokens } from './tokens.ts';
import { FakeTransport } from './transport/fakes.test.kit.ts';
import type { TlsOptions } from './transport/transport.ts';

const test = suite('client.ready');

interface Bed {
  readonly transport: FakeTransport;
  readonly clock: FakeClock;
  readonly client: EtcdClient;
}

/** A client whose network and clock are moved by hand. */
function bed(
  endpoints: readonly string[],
  options: { interceptors?: readonly Interceptor[]; tls?: TlsOptions } = {},
): Bed {
  const transport = new FakeTransport();
  const { clock } = transport;
  const application = container.createChildContainer().register(tokens.clock, { useValue: clock });
  const client = createClient({ endpoints, transport, container: application, ...options });
  return { transport, clock, client };
}

const STATUS = '/etcdserverpb.Maintenance/Status';
/** A StatusResponse with an empty header. */
const ANSWER = Buffer.from([0x0a, 0x00]);

/** Each endpoint that is being connected to fails. */
function lose({ transport }: Bed, reasons: Readonly<Record<string, [details: string, tls?: boolean]>>): void {
  for (const [endpoint, [details, tls]] of Object.entries(reasons)) {
    const connection = transport.to(endpoint);
    if (connection.state === 'connecting') connection.lose(details, tls);
  }
}

test('D20 resolves when one member answers, and ends the calls to the others', async () => {
  const one = bed(['a:1', 'b:1']);
  const ready = one.client.ready();
  await one.clock.advance(0);
  one.transport.to('a:1').ready();
  one.transport.to('b:1').ready();
  await one.clock.advance(0);
  const [a, b] = ['a:1', 'b:1'].map((endpoint) => one.transport.to(endpoint).call);
  assert.equal([a?.path, b?.path], [STATUS, STATUS]);
  b?.reply(ANSWER);
  assert.is(await ready, undefined);
  assert.ok(a?.cancelled);
  await one.client.close();
  assert.is(one.clock.timers.size, 0);
});

test('D20 tries again those that fail, until one answers', async () => {
  const one = bed(['a:1', 'b:1']);
  const ready = one.client.ready();
  for (let turn = 0; turn < 5; turn++) {
    await one.clock.advance(0);
    lose(one, { 'a:1': ['connect ECONNREFUSED'], 'b:1': ['connect ECONNREFUSED'] });
    await one.clock.advance(1_000);
  }
  one.transport.to('b:1').ready();
  await one.clock.advance(0);
  one.transport.to('b:1').call.reply(ANSWER);
  await ready;
  await one.client.close();
});

test('D20 rejects at its deadline with the reason of each endpoint, in the message and as errors', async () => {
  const one = bed(['a:1', 'b:1', 'c:1']);
  const ready = rejects<EtcdError>(one.client.ready({ timeoutMs: 3_000 }), {
    code: 'UNAVAILABLE',
    outcome: 'not-applied',
  });
  for (let turn = 0; turn < 6; turn++) {
    await one.clock.advance(0);
    lose(one, { 'a:1': ['connect ECONNREFUSED'], 'b:1': ['bad certificate', true] });
    await one.clock.advance(500);
  }
  const error = await ready;
  assert.is(
    error.message,
    'UNAVAILABLE: no member answers: UNAVAILABLE: no connection: a:1: connect ECONNREFUSED; TLS_FAILED: b:1: bad certificate; c:1: DEADLINE_EXCEEDED: no connection before the deadline',
  );
  const { errors } = error.cause as AggregateError;
  assert.equal(
    (errors as EtcdError[]).map(({ code }) => code),
    ['UNAVAILABLE', 'TLS_FAILED', 'DEADLINE_EXCEEDED'],
  );
  assert.match(error.stack ?? '', 'at async Client.ready');
  await one.client.close();
  assert.is(one.clock.timers.size, 0);
});

test('D20 has the deadline of the client, 10 s, unless it is given one', async () => {
  const one = bed(['a:1']);
  let over = false;
  const ready = rejects(
    one.client.ready().finally(() => (over = true)),
    { code: 'UNAVAILABLE', message: /a:1: no connection within 5000 ms$/, endpoint: 'a:1' },
  );
  await one.clock.advance(9_900);
  assert.is(over, false);
  await one.clock.advance(200);
  assert.is(over, true);
  await ready;
  await one.client.close();
});

test('D20 rejects at once if no other try can succeed', async () => {
  const one = bed(['https://a:1']);
  const ready = rejects(one.client.ready(), { code: 'TLS_FAILED', endpoint: 'https://a:1' });
  await one.clock.advance(0);
  one.transport.to('https://a:1').lose('bad certificate', true);
  await ready;
  await one.client.close();
});

test("D20 takes a verdict for an answer, unless it asks to go elsewhere; what is no verdict of etcd's is none", async () => {
  const verdicts: readonly [code: number, text: string, answer: boolean][] = [
    [7, 'etcdserver: permission denied', true],
    [3, 'etcdserver: user name is empty', true],
    [16, 'etcdserver: invalid auth token', true],
    [14, 'etcdserver: no leader', false],
    [14, 'etcdserver: server stopped', false],
    [12, 'unknown service etcdserverpb.Maintenance', false],
    [14, 'upstream connect error', false],
  ];
  for (const [code, text, answer] of verdicts) {
    const one = bed(['a:1']);
    const ready = one.client.ready({ timeoutMs: 500 });
    const outcome = ready.then(
      () => true,
      () => false,
    );
    await one.clock.advance(0);
    one.transport.to('a:1').ready();
    await one.clock.advance(0);
    one.transport.to('a:1').call.end(code, text);
    await one.clock.advance(1_000);
    assert.is(await outcome, answer, text);
    await one.client.close();
  }
});

test('D20 goes through the interceptors of its client; what one refuses by itself is no answer of a member', async () => {
  const seen: string[] = [];
  const noting: Interceptor = { name: 'noting', unary: (next) => (call) => (seen.push(call.method.label), next(call)) };
  const refusing: Interceptor = {
    name: 'refusing',
    unary: () => async () => {
      throw new Error('not today');
    },
  };
  const one = bed(['a:1'], { interceptors: [noting] });
  const derived = one.client.intercept(refusing);
  await rejects(derived.ready(), { code: 'UNAVAILABLE', message: /a:1: not today$/ });
  assert.equal(seen, ['Maintenance.Status']);
  await one.client.close();
});

test('D20 asks one endpoint if it is named', async () => {
  const one = bed(['a:1']);
  const ready = one.client.ready({ endpoint: 'b:1' });
  await one.clock.advance(0);
  assert.equal(
    one.transport.connections.map(({ endpoint }) => endpoint.address),
    ['b:1'],
  );
  one.transport.to('b:1').ready();
  await one.clock.advance(0);
  one.transport.to('b:1').call.reply(ANSWER);
  await ready;
  await one.client.close();
});

test("D20 ends with the caller's signal, with its reason, and with the client; both leave no timer", async () => {
  for (const during of ['the call', 'the pause']) {
    for (const end of ['signal', 'close']) {
      const one = bed(['a:1']);
      const controller = new AbortController();
      const reason = new Error('enough');
      const ready = rejects(one.client.ready({ signal: controller.signal }), (error: unknown) =>
        end === 'signal' ? error === reason : (error as EtcdError).code === 'CLIENT_CLOSED',
      );
      await one.clock.advance(0);
      if (during === 'the pause') one.transport.to('a:1').lose();
      await one.clock.advance(0);
      if (end === 'signal') controller.abort(reason);
      else await one.client.close();
      await ready;
      await one.client.close();
      assert.is(one.clock.timers.size, 0, `${end} during ${during}`);
    }
  }
});

test('D20 refuses what is no option of it, a deadline that is no number, and works on no closed client', async () => {
  const { client } = bed(['a:1', 'b:1']);
  await rejects(client.ready({ timeout: 1 } as never), { code: 'INVALID_ARGUMENT', message: /did you mean timeoutMs/ });
  await rejects(client.ready({ timeoutMs: 'soon' } as never), { code: 'INVALID_ARGUMENT', argument: 'timeoutMs' });
  await rejects(client.ready({ signal: AbortSignal.abort('gone') }), (reason: unknown) => reason === 'gone');
  await client.close();
  await rejects(client.ready(), { code: 'CLIENT_CLOSED' });
});

test.run();
