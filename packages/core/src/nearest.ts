// Words that callers misspell.

/** The known name that a misspelt one probably means: of those that it begins or ends with, or that begin or end with it, the nearest in length. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  const related = known.filter((one) => {
    const other = one.toLowerCase();
    return [other.startsWith(lower), lower.startsWith(other), other.endsWith(lower), lower.endsWith(other)].includes(
      true,
    );
  });
  const differs = (one: string): number => Math.abs(one.length - name.length);
  if (related.length > 0) return related.reduce((best, one) => (differs(one) < differs(best) ? one : best));
  let best: string | undefined;
  let least = Math.floor(name.length / 3) + 1;
  for (const one of known) {
    const steps = distance(lower, one.toLowerCase());
    if (steps < least) [best, least] = [one, steps];
  }
  return best;
}

/** How many letters must be changed, added or removed to make one name of the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const changed = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}
