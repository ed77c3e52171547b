const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/** How long etcd is not asked again after it has refused a password so often in a row: each check burns its CPU. */
export function backoffMs(refusals: number, random: () => number): number {
  const ceiling = Math.min(FIRST_MS * 2 ** (refusals - 1), LONGEST_MS);
  return ceiling * (0.5 + random() / 2);
}
