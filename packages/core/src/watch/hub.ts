import { clientClosed } from '../errors.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { WatchService, WatchStream } from './service.ts';

export class WatchHub implements WatchService {
  constructor(parts: { pipeline: Pipeline }) {
    void parts;
  }
  watch(): WatchStream {
    throw clientClosed();
  }
  requestProgress(): Promise<void> {
    return Promise.resolve();
  }
  close(): void {}
}
