import type { Clock } from '@etcdts/core/plugin';
import { ERROR, Http2Error, protocolError } from './errors.ts';
import { FRAME_SIZE, INITIAL_WINDOW, LARGEST_31, uint32 } from './frames.ts';

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

/** The identifiers of settings (RFC 9113, 6.5.2). */
const SETTING = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

/** The length of one setting in a frame. */
const SETTING_LENGTH = 6;

/** The settings that a connection sends; of all others the initial values hold. */
export function ownSettings(settings: Http2Settings): readonly (readonly [id: number, value: number])[] {
  return [
    [SETTING.ENABLE_PUSH, 0],
    [SETTING.INITIAL_WINDOW_SIZE, settings.windowBytes],
    [SETTING.MAX_HEADER_LIST_SIZE, settings.maxHeaderListBytes],
  ];
}

/** The settings of the peer: the initial values, until its frames say otherwise. */
export class PeerSettings {
  headerTableSize: number = 4_096;
  maxConcurrentStreams: number = Infinity;
  initialWindow: number = INITIAL_WINDOW;
  maxFrameSize: number = FRAME_SIZE;
  maxHeaderListSize: number = Infinity;

  /** Takes over the settings of a frame, in their order (RFC 9113, 6.5.3). Unknown ones are ignored. */
  read(bytes: Buffer, start: number, end: number): void {
    if ((end - start) % SETTING_LENGTH !== 0) {
      throw new Http2Error(ERROR.FRAME_SIZE_ERROR, `a SETTINGS frame of ${end - start} bytes`);
    }
    for (let at = start; at < end; at += SETTING_LENGTH) {
      this.#set(((bytes[at] as number) << 8) | (bytes[at + 1] as number), uint32(bytes, at + 2));
    }
  }

  #set(id: number, value: number): void {
    switch (id) {
      case SETTING.HEADER_TABLE_SIZE:
        this.headerTableSize = value;
        return;
      case SETTING.ENABLE_PUSH:
        // A server may only switch pushes off.
        if (value !== 0) throw protocolError(`the setting ENABLE_PUSH of ${value}`);
        return;
      case SETTING.MAX_CONCURRENT_STREAMS:
        this.maxConcurrentStreams = value;
        return;
      case SETTING.INITIAL_WINDOW_SIZE:
        if (value > LARGEST_31) {
          throw new Http2Error(ERROR.FLOW_CONTROL_ERROR, `the setting INITIAL_WINDOW_SIZE of ${value}`);
        }
        this.initialWindow = value;
        return;
      case SETTING.MAX_FRAME_SIZE:
        if (value < FRAME_SIZE || value > 0xff_ffff) throw protocolError(`the setting MAX_FRAME_SIZE of ${value}`);
        this.maxFrameSize = value;
        return;
      case SETTING.MAX_HEADER_LIST_SIZE:
        this.maxHeaderListSize = value;
    }
  }
}
