// limit: 300 s
// The same random operations by random users on a real etcd and on the embedded one. More of them:
//   EMBEDDED_OPERATIONS=100000 npm test -- embedded/auth-differential
import { startEmbedded } from '@etcdts/embedded';
import { assert, findEtcd, isAtLeast, startEtcd, suite } from '@etcdts/testing';
import { comparable, difference, shown } from './differential-answers.ts';
import { AuthOperations, CALLERS, type Caller } from './differential-auth.ts';
import { RawEtcd, type Outcome } from '../raw-etcd.ts';

const operations = Number(process.env['EMBEDDED_OPERATIONS'] ?? 4_000);
const seed = Number(process.env['EMBEDDED_SEED'] ?? 1);

const test = suite('embedded: differential', { timeoutMs: Math.max(120_000, operations * 20) });

test(`${operations} random operations of users are answered as by a real etcd (seed ${seed})`, async (t) => {
  const { version } = await findEtcd();
  if (!isAtLeast(version, '3.7')) t.skip('this etcd asks less of those who call');
  await using real = await startEtcd({ extraArgs: ['--bcrypt-cost=4'] });
  await using embedded = await startEmbedded();
  const etcds = [new RawEtcd(real.endpoint), new RawEtcd(embedded.endpoint)] as const;
  const random = new AuthOperations(seed);
  const tokens = new Map<Caller, readonly string[]>([['invalid', ['none.1', 'none.1']]]);
  const last: string[] = [];
  let [refused, done] = [0, 0];

  const both = async (name: string, request: object, caller: Caller): Promise<readonly Outcome[]> => {
    last.push(shown({ name, request, caller }));
    if (last.length > 12) last.shift();
    const outcomes: Outcome[] = [];
    for (const [i, etcd] of etcds.entries())
      outcomes.push(await etcd.call(name, request as never, tokens.get(caller)?.[i]));
    return outcomes;
  };
  const same = (name: string, outcomes: readonly Outcome[]): void => {
    const [one, other] = outcomes.map((outcome) => shown(comparable(name, outcome))) as [string, string];
    if (one !== other) throw new Error(`${name} differs: ${difference(one, other)}\nafter\n${last.join('\n')}`);
  };
  const signIn = async (caller: Caller, password: string): Promise<void> => {
    const outcomes = await both('Auth.Authenticate', { name: caller, password }, 'nobody');
    const given = outcomes.map(({ responses }) => responses[0]?.['token']);
    same(
      'Auth.Authenticate',
      outcomes.map((outcome) => ({ ...outcome, responses: outcome.responses.map((one) => ({ ...one, token: '' })) })),
    );
    if (given.every((token) => typeof token === 'string')) tokens.set(caller, given as string[]);
  };
  /** Restores all users, each with a role that permits some keys. */
  const recover = async (): Promise<void> => {
    for (const password of ['p', 'q']) await signIn('root', password);
    for (const [method, request] of [
      ['UserAdd', { name: 'root', password: 'p' }],
      ['UserGrantRole', { user: 'root', role: 'root' }],
      ['AuthEnable', {}],
    ] as const)
      same(method, await both(`Auth.${method}`, request, 'root'));
    for (const password of ['p', 'q']) await signIn('root', password);
    for (const [name, role] of [
      ['ann', 'one'],
      ['bob', 'two'],
    ] as const) {
      for (const [method, request] of [
        ['UserAdd', { name, password: 'p' }],
        ['UserChangePassword', { name, password: 'p' }],
        ['RoleAdd', { name: role }],
        ['UserGrantRole', { user: name, role }],
      ] as const)
        same(method, await both(`Auth.${method}`, request, 'root'));
      for (const grant of [random.grant(role), random.grant(role)])
        same(grant.name, await both(grant.name, grant.request, 'root'));
      await signIn(name, 'p');
    }
  };
  /** If a role has more than twelve permissions, those from the same key are in Go's own order. */
  const forget = async (): Promise<void> => {
    for (const role of ['one', 'two']) same('Auth.RoleDelete', await both('Auth.RoleDelete', { role }, 'root'));
  };

  try {
    for (; done < operations; done++) {
      if (done % 200 === 0) await forget();
      if (done % 50 === 0) await recover();
      if (random.random.chance(5)) {
        await signIn(random.random.pick(CALLERS), random.random.pick(['p', 'q', '']));
        continue;
      }
      const { name, request } = random.next();
      const outcomes = await both(name, request, random.caller());
      same(name, outcomes);
      if (outcomes[0]?.error !== undefined) refused++;
    }
  } finally {
    for (const etcd of etcds) etcd.close();
  }
  assert.ok(refused > done / 10 && refused < (9 * done) / 10, `${refused} of ${done} were refused`);
});

test.run();
