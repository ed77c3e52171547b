import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import type { Socket } from 'node:net';
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

/** Finds TCP ports of 127.0.0.1 that are free now. Another process may still take one before it is used. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  // All are found at once, so that no port is found twice.
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.on('error', reject);
          server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
