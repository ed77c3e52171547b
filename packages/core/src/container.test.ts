import { assert, FakeClock, rejects, settle, suite } from '@etcdts/testing';
import 'reflect-metadata/lite';
import { container as global, inject, injectable, Lifecycle, scoped } from 'tsyringe';
import type { Interceptor, InterceptorSite, UnaryHandler } from './call.ts';
import { createClient } from './client.ts';
import { systemClock, type Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import { tokens } from './tokens.ts';
import { FakeTransport } from './transport/fakes.test.kit.ts';
import type { Transport } from './transport/transport.ts';
import { isEtcdError } from './errors.ts';

const test = suite('container');

const unary = (next: UnaryHandler): UnaryHandler => next;
const ENDPOINTS = '127.0.0.1:1';

class Counter {
  count = 0;
}

class Counting implements Interceptor {
  readonly name = 'counting';
  readonly counter: Counter;

  constructor(counter: Counter) {
    this.counter = counter;
  }

  unary(next: UnaryHandler): UnaryHandler {
    return (call) => {
      this.counter.count++;
      return next(call);
    };
  }
}
// What `@injectable()` does, without decorator syntax.
Reflect.defineMetadata('design:paramtypes', [Counter], Counting);
injectable()(Counting);

test("an interceptor class is resolved from the application's container, with its own dependencies", async () => {
  const application = global.createChildContainer();
  const counter = new Counter();
  application.registerInstance(Counter, counter);
  await using client = createClient({ endpoints: ENDPOINTS, interceptors: [Counting], container: application });
  assert.equal(client.describe().interceptors, ['counting']);
  await rejects(client.kv.get('k'), { code: 'UNAVAILABLE' });
  assert.is(counter.count, 1);
});

test('a token is resolved, by symbol and by name, next to interceptors given as they are', async () => {
  const application = global.createChildContainer();
  const token = Symbol('interceptor');
  application.register(token, { useValue: { name: 'by symbol', unary } });
  application.register('text', { useFactory: () => ({ name: 'by name', unary }) });
  await using client = createClient({
    endpoints: ENDPOINTS,
    interceptors: [token, { name: 'plain', unary }, 'text'],
    container: application,
  });
  assert.equal(client.describe().interceptors, ['by symbol', 'plain', 'by name']);
});

test('what cannot be resolved, and what is no interceptor, is refused by name', () => {
  const application = global.createChildContainer();
  application.register('number', { useValue: 5 });
  for (const token of [Symbol('nobody'), 'nobody', 'number', null, undefined, 5, {}]) {
    assert.throws(
      () => createClient({ endpoints: ENDPOINTS, interceptors: [token as never], container: application }),
      (error: unknown) => isEtcdError(error, 'INVALID_ARGUMENT') && error.argument === 'interceptors',
    );
  }
});

test('a function that makes interceptors, an array and a promise are refused with what to do instead', () => {
  const one: Interceptor = { name: 'one', unary };
  function plugin(): Interceptor {
    return one;
  }
  const arrow = (): Interceptor => one;
  for (const [given, said] of [
    [plugin, 'interceptors hold the function plugin: call it, plugin()'],
    [arrow, 'interceptors hold the function arrow: call it, arrow()'],
    [[one], 'interceptors hold an array: spread it'],
    [Promise.resolve(one), 'interceptors hold a Promise: await it first'],
  ] as const) {
    assert.throws(
      () => createClient({ endpoints: ENDPOINTS, interceptors: [given as never] }),
      (error: Error) => error.message === `INVALID_ARGUMENT: ${said}`,
    );
  }
});

test('a function that an application has registered as a token is no mistake', async () => {
  const application = global.createChildContainer();
  function Old(this: { name: string; unary: unknown }): void {
    Object.assign(this, { name: 'old', unary });
  }
  application.register(Old as never, { useValue: { name: 'old', unary } });
  await using client = createClient({ endpoints: ENDPOINTS, interceptors: [Old as never], container: application });
  assert.equal(client.describe().interceptors, ['old']);
});

test('an interceptor class gets the clock, chance, logger and transport of its client injected', async () => {
  const parts: unknown[] = [];
  class Injected implements Interceptor {
    readonly name = 'injected';
    readonly unary = unary;
    constructor(...given: unknown[]) {
      parts.push(...given);
    }
  }
  Reflect.defineMetadata('design:paramtypes', [Object, Object, Object, Object], Injected);
  [tokens.clock, tokens.random, tokens.logger, tokens.transport].forEach((token, at) =>
    inject(token)(Injected, undefined, at),
  );
  injectable()(Injected);
  const lines: string[] = [];
  const line = (text: string): void => void lines.push(text);
  const logger = { debug: line, info: line, warn: line, error: line };
  for (const container of [undefined, global.createChildContainer()]) {
    await using _ = createClient({ endpoints: ENDPOINTS, interceptors: [Injected], logger, container });
    const [clock, random, log, transport] = parts.splice(0) as [Clock, () => number, Logger, Transport];
    assert.equal([clock === systemClock, random === Math.random, transport.name], [true, true, '@grpc/grpc-js']);
    log.info('said');
  }
  assert.equal(lines, ['etcdts: said', 'etcdts: said']);
});

test("a clock and a source of chance in the application's container take the place of the client's", async () => {
  const application = global.createChildContainer();
  const clock = new FakeClock();
  const random = (): number => 0.25;
  application.register(tokens.clock, { useValue: clock }).register(tokens.random, { useValue: random });
  const sites: InterceptorSite[] = [];
  const curious: Interceptor = { name: 'curious', unary: (next, _, site) => (sites.push(site), next) };
  const transport = new FakeTransport();
  await using client = createClient({ endpoints: 'a:1', transport, interceptors: [curious], container: application });
  assert.equal([sites[0]?.clock === clock, sites[0]?.random === random], [true, true]);
  const call = rejects(client.kv.get('k'), /no connection within 5000 ms/);
  await settle();
  await clock.advance(5_001);
  await call;
});

test("a client registers nothing in the application's container", async () => {
  const application = global.createChildContainer();
  await using client = createClient({ endpoints: ENDPOINTS, container: application });
  assert.is(client.describe().closed, false);
  const { _registry } = application as unknown as { _registry: { _registryMap: Map<unknown, readonly unknown[]> } };
  assert.equal([..._registry._registryMap.values()].flat(), []);
});

test('two clients of one container are apart', async () => {
  const application = global.createChildContainer();
  await using first = createClient({ endpoints: 'a:1', container: application });
  await using second = createClient({ endpoints: 'b:1', container: application });
  assert.equal([first.endpoints, second.endpoints], [['a:1'], ['b:1']]);
});

test('without a container of its own, a client has one below the global container: what is scoped is not shared', async () => {
  const made: Scoped[] = [];
  class Scoped implements Interceptor {
    readonly name = 'scoped';
    readonly unary = unary;
    constructor() {
      made.push(this);
    }
  }
  scoped(Lifecycle.ContainerScoped)(Scoped);
  await using first = createClient({ endpoints: ENDPOINTS, interceptors: [Scoped] });
  await using second = createClient({ endpoints: ENDPOINTS, interceptors: [Scoped] });
  assert.equal([first, second].map((client) => client.describe().interceptors).flat(), ['scoped', 'scoped']);
  assert.is(made.length, 2);
});

// The last one: it takes the global container from everything else in this process.
test('a client goes on, and a new one is made, when the application has disposed of the global container', async () => {
  const client = createClient({ endpoints: ENDPOINTS });
  global.clearInstances();
  await global.dispose();
  await rejects(client.kv.get('k'), { code: 'UNAVAILABLE' });
  const derived = client.intercept();
  await rejects(derived.kv.get('k'), { code: 'UNAVAILABLE' });
  await client.close();
  await using fresh = createClient({ endpoints: ENDPOINTS });
  await rejects(fresh.kv.get('k'), { code: 'UNAVAILABLE' });
});

test.run();
