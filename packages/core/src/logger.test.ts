import { assert, settle, suite } from '@etcdts/testing';
import { clientLog, type Logger } from './logger.ts';

const test = suite('the log of a client');

/** Warnings that the process emits while `act` runs. */
async function warningsOf(act: () => void): Promise<string[]> {
  const warnings: string[] = [];
  const listener = (warning: Error & { code?: string }): void =>
    void warnings.push(`${warning.name} ${warning.code}: ${warning.message}`);
  process.on('warning', listener);
  act();
  await settle();
  process.off('warning', listener);
  return warnings;
}

/** A logger all of whose levels do the same. */
const loggerOf = (line: (...args: unknown[]) => unknown): Logger => ({
  debug: line,
  info: line,
  warn: line,
  error: line,
});

function logAll(log: Logger): void {
  for (const level of ['debug', 'info', 'warn', 'error'] as const) log[level](`a line of ${level}`, { level });
}

test('has one prefix, and hands on the fields if there are any', () => {
  const lines: unknown[][] = [];
  const log = clientLog(loggerOf((...line) => lines.push(line)));
  log.warn('a:1: gone', { endpoint: 'a:1' });
  log.debug('done');
  assert.equal(lines, [['etcdts: a:1: gone', { endpoint: 'a:1' }], ['etcdts: done']]);
});

test('calls the methods of the logger on the logger, as those of a class need it', () => {
  const lines: string[] = [];
  class Lines {
    debug(line: string): void {
      this.add(line);
    }
    info(line: string): void {
      this.add(line);
    }
    warn(line: string): void {
      this.add(line);
    }
    error(line: string): void {
      this.add(line);
    }
    add(line: string): void {
      lines.push(line);
    }
  }
  logAll(clientLog(new Lines()));
  assert.is(lines.length, 4);
});

test('survives a logger that throws: the line is lost, the next is logged, and the process is warned once', async () => {
  let calls = 0;
  const log = clientLog(
    loggerOf(() => {
      calls++;
      throw new Error('disk full');
    }),
  );
  const warnings = await warningsOf(() => logAll(log));
  assert.is(calls, 4);
  assert.equal(warnings, [
    'EtcdtsWarning ETCDTS_LOGGER_FAILED: etcdts: the logger of a client failed, and lines of the log are lost: disk full',
  ]);
  assert.equal((await warningsOf(() => logAll(log))).length, 0);
});

test('survives a logger that rejects, and reasons that are no errors', async () => {
  for (const reason of [undefined, 'text', Object.create(null) as unknown, Symbol('s')]) {
    const rejecting = clientLog(loggerOf(async () => Promise.reject(reason as Error)));
    assert.is((await warningsOf(() => logAll(rejecting))).length, 1);
    const throwing = clientLog(
      loggerOf(() => {
        throw reason;
      }),
    );
    assert.is((await warningsOf(() => logAll(throwing))).length, 1);
  }
});

test('goes nowhere without a logger, unless NODE_DEBUG names it', async () => {
  assert.equal(await warningsOf(() => logAll(clientLog(undefined))), []);
});

test('CF-15 takes console for a logger', () => {
  const log: Logger = console;
  assert.ok(clientLog(log));
});

test.run();
