// The framing layer of HTTP/2: frames, HPACK, flow control and what else both ends of a connection need. http2 and embedded contain it
// in what they publish.
export { CallList, type Linked } from './call-list.ts';
export { ControlFrames, type ControlOwner, type ControlParts } from './control-frames.ts';
export { ERROR, errorName, expectSize, goAwayReason, Http2Error, protocolError } from './errors.ts';
export { Fifo } from './fifo.ts';
export { CONNECTION_FIELDS, isFieldName, isFieldValue } from './field-rules.ts';
export { Floods, type Clock } from './floods.ts';
export { FrameReader, type FrameSink } from './frame-reader.ts';
export { FrameWriter } from './frame-writer.ts';
export { FLAG, FRAME, FRAME_SIZE, INITIAL_WINDOW, LARGEST_31, PREFACE, uint32 } from './frames.ts';
export { HeaderBlock } from './header-block.ts';
export { Decoder, type Field } from './hpack/decoder.ts';
export { Encoder } from './hpack/encoder.ts';
export { copied, PartialMessage, PREFIX } from './partial-message.ts';
export { SendingHalf, type SendingOwner } from './sending-half.ts';
export { SendQueue, type SendQueueParts } from './send-queue.ts';
export { PeerSettings, SETTING, type Setting } from './settings.ts';
export { StreamTable, type Streamed } from './stream-table.ts';
export { Turn } from './turn.ts';
