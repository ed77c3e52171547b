import { EtcdError } from '../errors.ts';
import { FRAME_PREFIX } from '../frame.ts';
import type { Method } from '../methods.ts';

/** Encodes a request into a frame. A frame that is larger than the limit is refused before anything is sent. */
export function encodeFrame<Req, Res>(method: Method<Req, Res>, request: Req, maxSendBytes: number): Buffer {
  const frame = method.codec.encodeRequest(request);
  const size = frame.length - FRAME_PREFIX;
  if (size > maxSendBytes) {
    throw new EtcdError({
      code: 'REQUEST_TOO_LARGE',
      message: `the request is ${size} bytes, more than maxSendBytes (${maxSendBytes}); etcd's own limit is its flag --max-request-bytes`,
      outcome: 'not-applied',
      method: method.label,
    });
  }
  return frame;
}
