// Prints which row is measured, and how long the rest takes.
import type { Deal } from './dealer.ts';
import type { Series } from './series.ts';

/** What a slice takes beyond its length: its end, the pause after it, and the connections of its row. */
const AROUND_MS = 60;
const LEASE_ROUND_MS = 3_000;
const STARTUP_MS = 150;
const COPIES_ROUND_MS = 4_000;

export class Progress {
  private readonly sizes: Deal & { readonly series: readonly Series[]; readonly node: string | undefined };
  private readonly started: number = performance.now();
  private begun = 0;

  constructor(
    sizes: Deal & { readonly series: readonly Series[]; readonly node: string | undefined },
    clients: number,
  ) {
    this.sizes = sizes;
    console.error(`${sizes.series.length} rows, ${clients} clients, about ${minutes(this.rest())} minutes`);
  }

  begin({ id, clients }: Series): void {
    const { series } = this.sizes;
    const spent = ((performance.now() - this.started) / 1_000).toFixed(0);
    const rest = minutes(this.rest());
    this.begun++;
    console.error(
      `${spent.padStart(4)} s  ${this.begun}/${series.length}  ${id}, ${clients.length} clients, ${rest} min to go`,
    );
  }

  private rest(): number {
    const { series, rounds, warmSlices, sliceMillis, node } = this.sizes;
    const each = series.slice(this.begun).map(({ operation, clients, leadMillis, slices, warmMillis }) => {
      if (operation === 'leases') return LEASE_ROUND_MS * (rounds + 5);
      if (operation === 'copies') return COPIES_ROUND_MS * (rounds + 2);
      const count = clients.length * (node === undefined ? 1 : 2);
      if (operation === 'startup') return count * (rounds + 1) * STARTUP_MS;
      const length = sliceMillis * slices;
      const around = leadMillis + AROUND_MS;
      return count * (rounds * (around + length) + warmSlices * (around + Math.max(length, warmMillis)));
    });
    return each.reduce((sum, millis) => sum + millis, 0);
  }
}

function minutes(millis: number): string {
  return (millis / 60_000).toFixed(1);
}
