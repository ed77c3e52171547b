import type { Sample } from './history.ts';
import type { JudgeProgram } from './judge/program.ts';
import type { Mutant } from './mutants/mutants.ts';

/** What a run is asked to do. */
export interface CampaignOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly binary: string | undefined;
  readonly transport: 'grpc' | 'http2' | 'both';
  readonly folder: string;
  /** Whether clients authenticate, with tokens that end all the time. */
  readonly auth: boolean;
  /** A bug that is planted into the client of the processes, not into that which makes the faults. */
  readonly mutant?: Mutant;
  /** Keeps what the members have committed in the folder, for etcd's own validators. */
  readonly program?: JudgeProgram | undefined;
  readonly onSample: (progress: Sample) => void;
}
