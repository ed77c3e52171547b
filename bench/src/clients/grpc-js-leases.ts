// The least that keeps leases alive over grpc-js: one stream, one timer, a map from id to due time.
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { inBatches } from '../batches.ts';

export interface LeaseGrant {
  readonly ID: string;
}
export interface LeaseKeepAlive {
  readonly ID: string;
  readonly TTL: string;
}

/** How often the leases are looked through. */
const TICK_MS = 100;

export class KeptLeases {
  private readonly stream: ClientDuplexStream<object, LeaseKeepAlive>;
  private readonly due: Map<string, number> = new Map();
  private readonly periodMs: number;

  constructor(stream: ClientDuplexStream<object, LeaseKeepAlive>, ttl: number) {
    this.stream = stream;
    this.periodMs = (ttl * 1_000) / 3;
    stream.on('data', ({ ID }: LeaseKeepAlive) => this.due.set(ID, performance.now() + this.periodMs));
    const timer = setInterval(() => this.renew(), TICK_MS);
    // The stream ends with its client.
    stream.on('error', () => clearInterval(timer));
    timer.unref();
  }

  async grant(count: number, make: () => Promise<LeaseGrant>): Promise<void> {
    await inBatches(count, async () => this.due.set((await make()).ID, performance.now() + this.periodMs));
  }

  private renew(): void {
    const now = performance.now();
    for (const [ID, due] of this.due) {
      if (due > now) continue;
      this.due.set(ID, Infinity);
      this.stream.write({ ID });
    }
  }
}
