/** The known name that a misspelt one probably means; `undefined` if none is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const begun = known.find((one) => one.startsWith(name) || name.startsWith(one));
  if (begun !== undefined) return begun;
  let best: string | undefined;
  let least = Math.floor(name.length / 3) + 1;
  for (const one of known) {
    const steps = distance(name, one);
    if (steps < least) [best, least] = [one, steps];
  }
  return best;
}

/** How many letters must be changed, added or removed to make one name of the other. */
function distance(from: string, to: string): number {
  let row = [...Array(to.length + 1).keys()];
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const [left = 0, above = 0, diagonal = 0] = [next[j], row[j + 1], row[j]];
      next.push(Math.min(left + 1, above + 1, diagonal + (from[i] === to[j] ? 0 : 1)));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
