import { createClient } from '@etcdts/core';
import { assert, rejects, suite } from '@etcdts/testing';
import { retry, type RetryOptions } from './index.ts';

const test = suite('retry: options');

test('what is wrong is refused by its name', async () => {
  const wrong: [object | null, string][] = [
    [null, 'retry'],
    [{ maxAttempts: 0 }, 'retry.maxAttempts'],
    [{ maxAttempts: 1.5 }, 'retry.maxAttempts'],
    [{ initialBackoffMs: -1 }, 'retry.initialBackoffMs'],
    [{ initialBackoffMs: NaN }, 'retry.initialBackoffMs'],
    [{ maxBackoffMs: Infinity }, 'retry.maxBackoffMs'],
    [{ attemptTimeoutMs: 0 }, 'retry.attemptTimeoutMs'],
    [{ attemptTimeoutMs: '1' }, 'retry.attemptTimeoutMs'],
    [{ writes: 'always' }, 'retry.writes'],
    [{ budget: true }, 'retry.budget'],
    [{ budget: { ratio: -1 } }, 'retry.budget.ratio'],
    [{ budget: { perSecond: Infinity } }, 'retry.budget.perSecond'],
    [{ budget: { burst: 0 } }, 'retry.budget.burst'],
    [{ retries: 3 }, 'retry.retries'],
    [{ budget: { rate: 3 } }, 'retry.budget.rate'],
    ['yes' as never, 'retry'],
  ];
  for (const [options, argument] of wrong) {
    await rejects((async () => retry(options as RetryOptions))(), {
      code: 'INVALID_ARGUMENT',
      argument,
      outcome: 'not-applied',
    });
  }
});

test('an unknown one is refused with the known one that it resembles, for a call too', async () => {
  const refused = (message: string): { code: 'INVALID_ARGUMENT'; message: RegExp } => ({
    code: 'INVALID_ARGUMENT',
    message: new RegExp(`: unknown option ${message}$`),
  });
  await rejects(
    (async () => retry({ maxAttemps: 3 } as RetryOptions))(),
    refused('retry.maxAttemps; did you mean retry.maxAttempts\\?'),
  );
  const client = createClient({ endpoints: '127.0.0.1:1', interceptors: [retry()] });
  const options = { retry: { attempts: 3 } } as object;
  await rejects(client.kv.get('k', options), refused('retry.attempts; did you mean retry.maxAttempts\\?'));
  await rejects(
    client.kv.get('k', { retry: { budget: false } } as object),
    refused('retry.budget; there are maxAttempts, .*'),
  );
  await client.close();
});

test('what is left out has its default, also where it is undefined', () => {
  assert.is(retry().name, 'retry');
  retry({ maxAttempts: undefined, budget: { ratio: undefined }, attemptTimeoutMs: Infinity, initialBackoffMs: 0 });
});

test.run();
