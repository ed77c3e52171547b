import { SETTING, type Setting } from '@etcdts/framing';

/** The windows in bytes: what a client may send of a call before it is read, and of all calls together. */
export const WINDOW: { readonly STREAM: number; readonly CONNECTION: number } = {
  STREAM: 1 << 20,
  CONNECTION: 1 << 24,
};

/** The largest list of header fields that is accepted, by the measure of RFC 9113, 6.5.2. */
export const MAX_HEADER_LIST: number = 1 << 20;

/** The settings of the server. Like etcd's, it sets no limit of concurrent streams. */
export const SETTINGS: readonly Setting[] = [
  [SETTING.INITIAL_WINDOW_SIZE, WINDOW.STREAM],
  [SETTING.MAX_HEADER_LIST_SIZE, MAX_HEADER_LIST],
];
