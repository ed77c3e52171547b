import { execFile, execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);

/** Whether this machine can build the judge. */
function hasGo(): boolean {
  try {
    execFileSync('go', ['version']);
    return true;
  } catch {
    return false;
  }
}

/** The program of `chaos/go/judge`, in which etcd's own code reads the logs of members and judges histories. */
export class JudgeProgram {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Builds it, once for each state of its source. It needs Go, and the first time a few minutes. */
  static async build(): Promise<JudgeProgram> {
    const script = ['scripts/go-program.mjs', 'chaos/go/judge'];
    const { stdout } = await run(process.execPath, script, { cwd: root });
    return new JudgeProgram(stdout.trim().split('\n').at(-1) as string);
  }

  /** Builds it if this machine has Go. */
  static async find(): Promise<JudgeProgram | undefined> {
    return hasGo() ? await JudgeProgram.build() : undefined;
  }

  /**
   * Runs it and gives each line that it prints to `onLine`. Resolves with its exit code: 0, 1 for a violation, 3 for undecided.
   * Rejects if it cannot read its input.
   */
  async run(args: readonly string[], onLine: (line: string) => void): Promise<number> {
    const child = spawn(this.#path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < 4_096) said += text;
    });
    const exit = new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    for await (const line of createInterface({ input: child.stdout, crlfDelay: Infinity })) onLine(line);
    const code = await exit;
    if (code !== 0 && code !== 1 && code !== 3) throw new Error(`judge ${args[0]} ended with ${code}: ${said.trim()}`);
    return code;
  }
}
