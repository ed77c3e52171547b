import type { Bytes } from '../bytes.ts';
import type { CallOptions } from '../call.ts';
import type { RangeForms } from '../kv/range.ts';
import { toRange } from '../kv/range.ts';
import type { WatchService, WatchServiceOptions, WatchStream } from './service.ts';

export interface WatchOptions extends RangeForms, WatchServiceOptions {}
export interface Watcher {
  watch(key: Bytes, options?: WatchOptions): WatchStream;
  requestProgress(options?: CallOptions): Promise<void>;
}
export class WatcherFacade implements Watcher {
  readonly #service: WatchService;
  constructor(service: WatchService) {
    this.#service = service;
  }
  watch(key: Bytes, options: WatchOptions = {}): WatchStream {
    return this.#service.watch({ ...toRange(key, options) }, options);
  }
  requestProgress(options: CallOptions = {}): Promise<void> {
    return this.#service.requestProgress(options);
  }
}
