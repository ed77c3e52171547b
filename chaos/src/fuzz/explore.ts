import { Coverage } from './coverage.ts';
import { mutate } from './mutate.ts';

/** How many inputs are tried before their coverage is read, which takes much longer than most inputs. */
const BATCH = 100;

/** What inputs are given to, and what begins the search. */
export interface Target {
  /** Matches the URLs of the files whose code is to be reached. */
  readonly scripts: RegExp;
  /** Inputs to begin with. */
  readonly seeds: readonly Buffer[];
  /** Takes any bytes. Whatever it throws is a finding. */
  run(input: Buffer): void | Promise<void>;
}

/** How long to search. */
export interface Search {
  readonly random: () => number;
  /** Whether to go on, with what was done so far. */
  goesOn(explored: Explored): boolean;
}

/** What a search has done. */
export interface Explored {
  readonly inputs: number;
  /** The functions of the code that were run. */
  readonly functions: number;
  /** Inputs that reached code which no one before had reached. */
  readonly kept: number;
}

/**
 * Searches for an input on which a target fails, guided by coverage: an input that reaches new code is changed further.
 * Throws an error with the input, in hexadecimal, for the first finding.
 */
export async function explore(target: Target, { random, goesOn }: Search): Promise<Explored> {
  const corpus: Buffer[] = [];
  const coverage = new Coverage(target.scripts);
  let inputs = 0;
  const tryOne = async (input: Buffer): Promise<void> => {
    inputs++;
    try {
      await target.run(input);
    } catch (cause) {
      throw new Error(`input ${inputs} of the search, ${input.toString('hex')}: ${String(cause)}`, { cause });
    }
  };
  const keepIfNew = async (input: Buffer): Promise<void> => {
    coverage.take();
    await tryOne(input);
    if (coverage.take()) corpus.push(input);
  };
  const done = (): Explored => ({ inputs, functions: coverage.functions, kept: corpus.length });
  try {
    for (const seed of target.seeds) await keepIfNew(seed);
    while (goesOn(done())) {
      const batch = Array.from({ length: BATCH }, () => {
        // Those that came last are at the frontier.
        const at = Math.floor(corpus.length * Math.sqrt(random()));
        return mutate(corpus[at] ?? Buffer.alloc(0), corpus, random);
      });
      for (const input of batch) await tryOne(input);
      if (!coverage.take(false)) continue;
      for (const input of batch) {
        await tryOne(input);
        if (coverage.take()) corpus.push(input);
      }
    }
    return done();
  } finally {
    coverage.close();
  }
}
