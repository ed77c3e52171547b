import { ERROR, Http2Error, protocolError } from './errors.ts';
import { FRAME_SIZE, INITIAL_WINDOW, LARGEST_31, uint32 } from './frames.ts';

/** The identifiers of settings (RFC 9113, 6.5.2). */
export const SETTING = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

/** The length of one setting in a frame. */
const SETTING_LENGTH = 6;

/** One setting as it is sent. */
export type Setting = readonly [id: number, value: number];

/** The settings of the peer: the initial values, until its frames say otherwise. */
export class PeerSettings {
  readonly #mostPush: number;
  headerTableSize: number = 4_096;
  maxConcurrentStreams: number = Infinity;
  initialWindow: number = INITIAL_WINDOW;
  maxFrameSize: number = FRAME_SIZE;
  maxHeaderListSize: number = Infinity;

  /** A server may only switch pushes off; a client may also leave them on (RFC 9113, 6.5.2). */
  constructor(peer: 'client' | 'server') {
    this.#mostPush = peer === 'client' ? 1 : 0;
  }

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
        if (value > this.#mostPush) throw protocolError(`the setting ENABLE_PUSH of ${value}`);
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
