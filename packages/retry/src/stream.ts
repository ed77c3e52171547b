import { pause, reopenedStream } from '@etcdts/core/plugin';
import type {
  Call,
  ClientStream,
  InterceptorSite,
  Method,
  RequestOf,
  ResponseOf,
  StreamHandler,
} from '@etcdts/core/plugin';
import type { Tries } from './tries.ts';

/** A stream from the server that is opened again if it fails before its first message. A later failure is final. */
export function repeatedStream<M extends Method>(
  call: Call<M>,
  next: StreamHandler,
  site: InterceptorSite,
  tries: Tries<M>,
): ClientStream<RequestOf<M>, ResponseOf<M>> {
  return reopenedStream(next(call), {
    async reopen(reason, left) {
      const ms = tries.pauseAfter(reason);
      await pause(ms, call as Call, site, left).catch((ending: unknown) => {
        throw tries.ended(ending);
      });
      return left.aborted ? undefined : next(tries.present(false));
    },
    ended: (reason) => tries.ended(reason),
  });
}
