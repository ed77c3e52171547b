/** One endpoint, parsed. */
export interface Endpoint {
  /** As the user wrote it, without user info. */
  readonly address: string;
  readonly host: string;
  /** 0 for a unix socket. */
  readonly port: number;
  /** Path of a unix socket. */
  readonly socketPath: string | undefined;
  readonly secure: boolean;
}
