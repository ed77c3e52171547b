import type { Clock } from '@etcdts/core/plugin';
import { SETTING, type Setting } from '@etcdts/framing';

/** The settings of our end of a connection. */
export interface Http2Settings {
  /** The window of a stream in bytes: what a peer may send of a message that nobody reads. */
  readonly windowBytes: number;
  /** The window of the connection in bytes. */
  readonly connectionWindowBytes: number;
  /** The largest list of header fields that is accepted, by the measure of RFC 9113, 6.5.2. */
  readonly maxHeaderListBytes: number;
  /** The id of the first stream, an odd number. Tests begin near the last one. */
  readonly firstStreamId: number;
  /** The clock of pings. Defaults to the process's own. */
  readonly clock?: Clock | undefined;
}

/** The settings that a connection sends; of all others the initial values hold. */
export function ownSettings(settings: Http2Settings): readonly Setting[] {
  return [
    [SETTING.ENABLE_PUSH, 0],
    [SETTING.INITIAL_WINDOW_SIZE, settings.windowBytes],
    [SETTING.MAX_HEADER_LIST_SIZE, settings.maxHeaderListBytes],
  ];
}
