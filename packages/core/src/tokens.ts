/**
 * The tokens of what a client has in its container, a child of `ClientOptions.container`: an interceptor that is a class gets
 * its client's `Clock`, `() => number`, `Logger` and `Transport` injected. An application that has registered a clock or a
 * source of random numbers in its container replaces the client's by it; logger and transport are those of the options.
 */
export const tokens: {
  readonly clock: symbol;
  readonly random: symbol;
  readonly logger: symbol;
  readonly transport: symbol;
} = {
  // Found by name, so that they are the same in all copies of this package.
  clock: Symbol.for('@etcdts/core.clock'),
  random: Symbol.for('@etcdts/core.random'),
  logger: Symbol.for('@etcdts/core.logger'),
  transport: Symbol.for('@etcdts/core.transport'),
};
