import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { accessSync, constants, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The free memory that a cluster needs. A member uses 200 MB, mostly preallocated log; a container's memory disk is too small. */
const ROOMY_BYTES = 8 * 1024 ** 3;

/** The temporary folder of a cluster. A watchdog outlives this process and then cleans up. */
export interface DataRoot {
  readonly path: string;
  /** Makes the watchdog end this process, an etcd on this folder, when our own process is gone. */
  guard(pid: number): void;
  /** Removes the folder and ends the watchdog. */
  remove(): void;
}

// It waits for the end of its input, which the kernel closes however this process dies. Another process may have a process id by
// then, so that only a process with the folder in its arguments is ended.
const watchdog = `
while read -r pid; do pids="$pids $pid"; done
for pid in $pids; do
  args=$(tr '\\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null || ps -o args= -p "$pid" 2>/dev/null)
  case "$args" in *"$0"*) kill -9 "$pid" ;; esac
done
rm -rf "$0"`;

/** Creates a {@link DataRoot}, in memory if there is room, otherwise among the temporary files. */
export function createDataRoot(): DataRoot {
  const path = mkdtempSync(join(isRoomy('/dev/shm') ? '/dev/shm' : tmpdir(), 'etcdts-'));
  // The watchdog has a group of its own, so that a kill of our group leaves it alive to clean up.
  const dog = spawn('/bin/sh', ['-c', watchdog, path], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  dog.on('error', () => undefined);
  dog.unref();
  const leash = dog.stdin as Socket;
  leash.on('error', () => undefined);
  // In Bun a pipe has no such method, and does not hold the process.
  (leash as Partial<Socket>).unref?.();
  return {
    path,
    guard: (pid) => void leash.write(`${pid}\n`),
    remove() {
      rmSync(path, { recursive: true, force: true, maxRetries: 3 });
      leash.destroy();
    },
  };
}

function isRoomy(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize >= ROOMY_BYTES;
  } catch {
    return false;
  }
}

/**
 * Ports below the ephemeral ones (from 32,768 on Linux, from 49,152 elsewhere). The system may give an ephemeral port to an outgoing
 * connection while a member is down.
 */
const [FIRST_PORT, LAST_PORT] = [10_000, 32_767];
const PORT_TRIES = 1_000;

/** Finds TCP ports of 127.0.0.1 that are free now. Another process may still take one before it is used. */
export async function freePorts(count: number): Promise<number[]> {
  const held: Server[] = [];
  try {
    // All are held until the last one is found, so that no port is found twice.
    for (let attempt = 0; held.length < count; attempt++) {
      if (attempt === PORT_TRIES)
        throw new Error(`of ${PORT_TRIES} ports from ${FIRST_PORT} on, ${held.length} are free`);
      const server = await listenOn(randomInt(FIRST_PORT, LAST_PORT + 1));
      if (server !== undefined) held.push(server);
    }
    return held.map((server) => (server.address() as AddressInfo).port);
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** Resolves with `undefined` if the port is taken. */
function listenOn(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
