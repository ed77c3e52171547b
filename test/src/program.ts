import { spawn } from 'node:child_process';

/** How a program ended. `code` is null if it was killed. */
export interface Ending {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, in the order of arrival. */
  readonly output: string;
}

/** Runs a Node program to its end. It is killed after `limitMs`. */
export function run(
  args: readonly string[],
  {
    limitMs,
    env = process.env,
    cwd,
  }: { readonly limitMs: number; readonly env?: NodeJS.ProcessEnv; readonly cwd?: string },
): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      env,
      ...(cwd === undefined ? undefined : { cwd }),
      timeout: limitMs,
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const parts = { stdout: '', stderr: '', output: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk: Buffer) => {
        parts[name] += chunk.toString();
        parts.output += chunk.toString();
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...parts }));
  });
}
