/**
 * The tokens of a client's container, a child of `ClientOptions.container`. By them, an interceptor that is a class gets its
 * client's `Clock`, `() => number`, `Logger` and `Transport` injected. A clock or a source of random numbers that the application
 * has registered in its container replaces the client's; logger and transport are those of the options.
 */
export const tokens: {
  /** The token of the `Clock`. */
  readonly clock: symbol;
  /** The token of the source of random numbers, a `() => number`. */
  readonly random: symbol;
  /** The token of the `Logger`, which adds the prefix of the client. */
  readonly logger: symbol;
  /** The token of the `Transport`. */
  readonly transport: symbol;
} = {
  // `Symbol.for` makes them the same in all copies of this package.
  clock: Symbol.for('@etcdts/core.clock'),
  random: Symbol.for('@etcdts/core.random'),
  logger: Symbol.for('@etcdts/core.logger'),
  transport: Symbol.for('@etcdts/core.transport'),
};
