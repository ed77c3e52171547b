/** Arguments that the command refuses. */
export class BadArguments extends Error {
  /** As that of etcdctl: 1 for a wrong flag, after which the usage is shown, and 128 for all else. */
  readonly exitCode: 1 | 128;

  constructor(message: string, kind: 'flags' | 'arguments' = 'arguments') {
    super(message);
    this.exitCode = kind === 'flags' ? 1 : 128;
  }
}
