import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { seeded } from '@etcdts/testing';
import { pause } from '../clock.ts';
import { Dice } from './dice.ts';
import { suffer, type Damage } from './victim.ts';

export interface HostileOptions {
  readonly messages: number;
  readonly seed: number;
  readonly transport: 'grpc' | 'http2';
  readonly onSample?: (messages: number, rss: number) => void;
}

export interface HostileResult extends Damage {
  readonly messages: number;
  /** MiB of resident memory: after the first seconds, and at most. */
  readonly before: number;
  readonly most: number;
}

const MIB = 1 << 20;
const CLIENTS = 4;

/** Lets clients work against an etcd that lies, until it has sent so many messages. */
export async function runHostile({ messages, seed, transport, onSample }: HostileOptions): Promise<HostileResult> {
  const server = fork(fileURLToPath(new URL('server.js', import.meta.url)), [String(seed)], { execArgv: [] });
  const damage: Damage = { wrong: [], ends: new Map() };
  const uncaught = (error: unknown): void =>
    void damage.wrong.push(`uncaught: ${String((error as Error)?.stack ?? error)}`);
  process.on('uncaughtException', uncaught).on('unhandledRejection', uncaught);
  let sent = 0;
  try {
    const port = await new Promise<number>((resolve, reject) => {
      server.on('exit', (code) => reject(new Error(`the server ended with ${code}`)));
      server.on('message', (message: { readonly port?: number; readonly sent?: number }) => {
        if (message.port !== undefined) resolve(message.port);
        if (message.sent !== undefined) sent = message.sent;
      });
    });
    const ending = new AbortController();
    const suffering = Promise.all(
      Array.from({ length: CLIENTS }, (_, i) =>
        suffer(`127.0.0.1:${port}`, transport, new Dice(seeded(seed * 100 + i)), damage, ending.signal),
      ),
    );
    const rss = (): number => process.memoryUsage().rss / MIB;
    // Code is compiled and pools are filled in the first tenth.
    while (sent < messages / 10) await pause(50);
    const before = rss();
    let most = before;
    let shown = 0;
    while (sent < messages) {
      await pause(50);
      most = Math.max(most, rss());
      if (++shown % 100 === 0) onSample?.(sent, rss());
    }
    ending.abort();
    await suffering;
    return { ...damage, messages: sent, before, most };
  } finally {
    process.off('uncaughtException', uncaught).off('unhandledRejection', uncaught);
    server.removeAllListeners('exit');
    server.kill('SIGKILL');
  }
}
