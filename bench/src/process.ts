// The processes of a run. Each gets one message at a time, and sends one answer: over IPC, or as a line of JSON if it is no Node.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PATIENCE_MS = 60_000;
/** The time that a process gets to end by itself. */
const GRACE_MS = 2_000;

/** A process that answers. */
export interface Peer {
  /** Sends a message and returns the answer. Without a message it is the one that the process sends by itself. */
  request(message?: unknown): Promise<unknown>;
  end(): Promise<void>;
}

/** Starts a program of the benchmark in Node. */
export function nodePeer(
  file: string,
  args: readonly string[],
  { execArgv = [], node = process.execPath }: { execArgv?: readonly string[]; node?: string } = {},
): Peer {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = fork(path, args, { execPath: node, execArgv: [...execArgv] });
  return {
    async request(message) {
      const answered = answer(child, (signal) => once(child, 'message', { signal }));
      if (message !== undefined) child.send(message as object);
      return answered;
    },
    end: () => end(child, () => child.disconnect()),
  };
}

/** Starts a program that reads and writes lines of JSON. */
export function linePeer(program: string): Peer {
  const child = spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  return {
    async request(message) {
      const answered = answer(child, (signal) => once(lines, 'line', { signal }));
      child.stdin.write(`${JSON.stringify(message)}\n`);
      return JSON.parse((await answered) as string) as unknown;
    },
    end: () => end(child, () => child.stdin.end()),
  };
}

async function answer(child: ChildProcess, next: (signal: AbortSignal) => Promise<unknown[]>): Promise<unknown> {
  const abort = new AbortController();
  const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    const [message] = await Promise.race([
      next(signal),
      once(child, 'exit', { signal }).then(([code]) => Promise.reject(new Error(`exited with ${code}`))),
    ]);
    return message;
  } finally {
    abort.abort();
  }
}

async function end(child: ChildProcess, close: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  close();
  // A client that waits for an answer does not end by itself.
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await exited;
  clearTimeout(timer);
}
