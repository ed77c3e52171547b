import { debuglog } from 'node:util';
import { reasonText } from './errors.ts';
import { warnProcess } from './process-warning.ts';

/**
 * Where a client logs what it does; `console`, pino and winston fit. Each message begins with `etcdts: ` and is whole by itself.
 * `fields` has its facts again as plain data, for programs. Neither ever has keys, values, tokens or passwords.
 *
 * A logger that throws, or returns a promise that rejects, harms nothing: that line is lost, and a process warning
 * (`ETCDTS_LOGGER_FAILED`) reports it once for each client.
 */
export interface Logger {
  /** Normal work: connections that stand, streams that are replaced. */
  debug(message: string, fields?: object): void;
  /** What the client deals with by itself: watches that resume or are parked, an endpoint that takes its leave. */
  info(message: string, fields?: object): void;
  /** What people should see: an endpoint that cannot be reached, a lost lease, calls that wait. */
  warn(message: string, fields?: object): void;
  /** What nobody else reports, such as a wrapper of a closed client that did not end well. */
  error(message: string, fields?: object): void;
}

type Level = keyof Logger;

/** Drops every line. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** The log of one client: over the application's logger, or, without one, what `NODE_DEBUG=etcdts` prints. */
export function clientLog(given: Logger | undefined): Logger {
  if (given !== undefined) return guarded(given);
  const debug = debuglog('etcdts');
  return ofLevels((level) => (message, fields) => {
    if (fields === undefined) debug('%s: %s', level, message);
    else debug('%s: %s', level, message, fields);
  });
}

/** Reports what people should see even if they gave no logger. */
export type Alarm = (message: string, fields: object) => void;

/** Alarms as warnings of the log, and of the process as well if there is no logger. */
export function alarmOf(given: Logger | undefined, log: Logger, code: string): Alarm {
  return (message, fields) => {
    log.warn(message, fields);
    if (given === undefined) warnProcess(code, `${message} (a logger, or NODE_DEBUG=etcdts, shows more)`);
  };
}

function guarded(logger: Logger): Logger {
  let failed = false;
  const onFailure = (reason: unknown): void => {
    if (failed) return;
    failed = true;
    warnProcess(
      'ETCDTS_LOGGER_FAILED',
      `the logger of a client failed, and lines of the log are lost: ${reasonText(reason)}`,
    );
  };
  return ofLevels((level) => (message, fields) => {
    const line = `etcdts: ${message}`;
    try {
      const result: unknown = fields === undefined ? logger[level](line) : logger[level](line, fields);
      // An async function fits the type as well.
      if (result instanceof Promise) result.catch(onFailure);
    } catch (reason) {
      onFailure(reason);
    }
  });
}

function ofLevels(write: (level: Level) => (message: string, fields?: object) => void): Logger {
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
