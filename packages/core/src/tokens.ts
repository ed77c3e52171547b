/**
 * The tokens of a client's container, a child of `ClientOptions.container`. By them, an interceptor that is a class gets its
 * client's `Clock`, `() => number`, `Logger` and `Transport` injected. A clock or a source of random numbers that the application
 * has registered in its container replaces the client's; logger and transport are those of the options.
 */
export const tokens: {
  readonly clock: symbol;
  readonly random: symbol;
  readonly logger: symbol;
  readonly transport: symbol;
} = {
  // `Symbol.for` makes them the same in all copies of this package.
  clock: Symbol.for('@etcdts/core.clock'),
  random: Symbol.for('@etcdts/core.random'),
  logger: Symbol.for('@etcdts/core.logger'),
  transport: Symbol.for('@etcdts/core.transport'),
};
