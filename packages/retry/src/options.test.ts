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
  ];
  for (const [options, argument] of wrong) {
    await rejects((async () => retry(options as RetryOptions))(), {
      code: 'INVALID_ARGUMENT',
      argument,
      outcome: 'not-applied',
    });
  }
});

test('what is left out has its default, also where it is undefined', () => {
  assert.is(retry().name, 'retry');
  retry({ maxAttempts: undefined, budget: { ratio: undefined }, attemptTimeoutMs: Infinity, initialBackoffMs: 0 });
});

test.run();
