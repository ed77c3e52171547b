import { readFileSync } from 'node:fs';
import { auth } from '@etcdts/auth';
import type { ClientOptions, TlsOptions } from '@etcdts/core';
import { BadArguments } from './bad-arguments.ts';

/** What the flags state of one of the two sides. */
export interface Side {
  /** The argument with the endpoints. */
  readonly argument: string;
  readonly prefix: '' | 'dest-';
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly skipVerify: boolean;
  readonly insecureTransport: boolean | undefined;
}

/** The options of the client of one side. Throws `BadArguments`. */
export function clientOptions(side: Side, endpoints: string): ClientOptions {
  if (endpoints.trim() === '') throw new BadArguments(`${side.argument}: no endpoints`);
  const tls = tlsOf(side);
  const credentials = credentialsOf(side);
  // To send a password in plain text takes a flag of its own.
  const allowInsecure = side.insecureTransport === true;
  return {
    endpoints,
    ...(tls && { tls }),
    ...(credentials && { interceptors: [auth({ ...credentials, allowInsecure })] }),
  };
}

function tlsOf({ ca, cert, key, prefix, skipVerify, insecureTransport }: Side): TlsOptions | undefined {
  if ((cert === undefined) !== (key === undefined))
    throw new BadArguments(`--${prefix}cert and --${prefix}key must both be present`);
  if (ca === undefined && cert === undefined && !skipVerify && insecureTransport !== false) return undefined;
  return {
    ...(ca !== undefined && { ca: read(ca) }),
    ...(cert !== undefined && key !== undefined && { cert: read(cert), key: read(key) }),
    insecureSkipVerify: skipVerify,
  };
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new BadArguments(`open ${path}: ${code === 'ENOENT' ? 'no such file or directory' : code}`);
  }
}

function credentialsOf({ user, password, prefix }: Side): { username: string; password: string } | undefined {
  if (user === undefined || user === '') {
    if (password === undefined) return undefined;
    throw new BadArguments(`--${prefix}password without --${prefix}user`);
  }
  if (password !== undefined) return { username: user, password };
  const [username = '', ...rest] = user.split(':');
  if (rest.length > 0) return { username, password: rest.join(':') };
  const variable = `ETCDCTL_${prefix === '' ? '' : 'DEST_'}PASSWORD`;
  throw new BadArguments(`--${prefix}user has no password: give user:password, --${prefix}password or ${variable}`);
}
