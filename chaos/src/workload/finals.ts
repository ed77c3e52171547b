/** The last revisions that matter to watches: when all has settled, each kind of key is written once more. */
export interface Finals {
  readonly register: number;
  readonly entry: number;
  readonly deletion: number;
  readonly pair: number;
}
