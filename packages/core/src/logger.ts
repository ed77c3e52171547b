/** Where the client says what it does; console, pino and winston fit. It never logs keys, values, tokens or passwords. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Says nothing: the default. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
