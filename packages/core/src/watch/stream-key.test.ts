import { assert, suite } from '@etcdts/testing';
import { streamKey } from './stream-key.ts';

const test = suite('stream key');
const shares = (a: object, b: object): boolean => streamKey(a) === streamKey(b);

test('an option that is not given is as one that is undefined; what is of one watch only does not matter', () => {
  assert.ok(shares({}, { actor: undefined, endpoint: undefined, stream: undefined, confidential: false }));
  const ofOne = { signal: AbortSignal.abort(), timeoutMs: 5, maxBufferedBytes: 9, createdNotify: true, avoid: ['a'] };
  assert.ok(shares({}, ofOne));
});

test('confidential, stream and each option of a plugin make a stream of their own', () => {
  const all = [
    {},
    { confidential: true },
    { stream: 'a' },
    { stream: 'b' },
    { actor: 'a' },
    { actor: null },
    { other: 'a' },
    { requireLeader: false },
    { endpoint: 'a' },
  ];
  const keys = all.map((options) => streamKey(options));
  assert.is(new Set(keys).size, all.length);
});

test('plain data of plugins is compared by what is in it, whatever the order of its keys', () => {
  const [a, b] = [
    { retry: { tries: 3, waits: [1, 2n, Number.NaN, 'x'], raw: Buffer.from('x') }, actor: 'alice' },
    { actor: 'alice', retry: { raw: Uint8Array.of(120), waits: [1, 2n, Number.NaN, 'x'], tries: 3, more: undefined } },
  ];
  assert.ok(shares(a, b));
  const others = [
    { retry: { ...a.retry, tries: '3' } },
    { retry: { ...a.retry, waits: [1, 2, Number.NaN, 'x'] } },
    { retry: { ...a.retry, waits: ['1', 2n, Number.NaN, 'x'] } },
    { retry: { ...a.retry, raw: 'eA==' } },
    { retry: Object.values(a.retry) },
  ];
  for (const other of others) assert.not(shares(a, { ...a, ...other }));
});

test('anything else of plugins is compared by identity', () => {
  class Actor {
    readonly #name: string;
    constructor(name: string) {
      this.#name = name;
    }
    get name(): string {
      return this.#name;
    }
  }
  const [alice, bob] = [new Actor('alice'), new Actor('bob')];
  assert.ok(shares({ actor: alice }, { actor: alice }));
  assert.not(shares({ actor: alice }, { actor: bob }));
  assert.not(shares({ actor: { of: alice } }, { actor: { of: bob } }));
  const [one, two] = [(): string => 'token', (): string => 'token'];
  assert.ok(shares({ actor: { token: one } }, { actor: { token: one } }));
  assert.not(shares({ token: one }, { token: two }));
  assert.not(shares({ actor: Symbol('a') }, { actor: Symbol('a') }));
  assert.ok(shares({ actor: Symbol.for('a') }, { actor: Symbol.for('a') }));
  const hidden = Symbol('hidden');
  assert.not(shares({ [hidden]: 'a' }, { [hidden]: 'b' }));
  assert.not(shares({ actor: { [hidden]: 'a' } }, { actor: { [hidden]: 'b' } }));
});

test('data that holds itself, or a getter, is compared by identity', () => {
  const ring: Record<string, unknown> = {};
  ring['ring'] = ring;
  assert.ok(shares({ ring }, { ring }));
  const other: Record<string, unknown> = {};
  other['ring'] = other;
  assert.not(shares({ ring }, { ring: other }));
  const lazy = (): object => Object.defineProperty({}, 'name', { enumerable: true, get: () => 'alice' });
  assert.not(shares({ actor: lazy() }, { actor: lazy() }));
});

test.run();
