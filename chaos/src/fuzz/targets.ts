import { isEtcdError } from '@etcdts/core';
import { methods } from '@etcdts/core/plugin';
import type { Target } from './explore.ts';

/** A file of this workspace as it was built. What is searched is no public part of its package. */
const built = (path: string): Promise<unknown> => import(new URL(`../../../packages/${path}`, import.meta.url).href);

/** What a method has beside its public type. */
interface Decodes {
  readonly codec: { decodeResponse(message: Buffer): unknown };
}

/** Whatever etcd answers: a plain message, or an error that says what is malformed. */
export function decoders(): Promise<Target> {
  const all = Object.values(methods as unknown as Record<string, Decodes>);
  const header = [0x0a, 0x08, 0x08, 0x01, 0x10, 0x02, 0x18, 0x03, 0x20, 0x04];
  return Promise.resolve({
    scripts: /\/packages\/(core\/(dist\/codec|lib)|proto)\//,
    // The first byte chooses the method.
    seeds: all.flatMap((_, index) => [Buffer.from([index]), Buffer.from([index, ...header, 0x12, 0x02, 0x0a, 0x00])]),
    run: (input) => {
      const { codec } = all[(input[0] ?? 0) % all.length] as Decodes;
      let message: unknown;
      try {
        message = codec.decodeResponse(input.subarray(1));
      } catch (error) {
        if (isEtcdError(error, 'INTERNAL') && /^INTERNAL: malformed \w+ from the server: ./.test(error.message)) return;
        throw error;
      }
      structuredClone(message);
    },
  });
}

interface Field {
  readonly name: string;
  readonly value: string;
  readonly size: number;
}

interface HeaderDecoder {
  decode(bytes: Buffer, start: number, end: number, onField: (field: Field) => void): boolean;
}

/** Two header blocks for one decoder of HPACK: fields within the limits, or an error that ends the connection. */
export async function hpack(): Promise<Target> {
  const { Decoder } = (await built('framing/dist/hpack/decoder.js')) as {
    Decoder: new (tableLimit: number, listLimit: number, classify: () => number) => HeaderDecoder;
  };
  const { Http2Error } = (await built('framing/dist/errors.js')) as { Http2Error: new () => Error };
  const limit = 8_192;
  const decode = (decoder: HeaderDecoder, block: Buffer): string => {
    let size = 0;
    const fields: string[] = [];
    try {
      const whole = decoder.decode(block, 0, block.length, (field) => {
        size += field.size;
        fields.push(`${field.name}: ${field.value}`);
      });
      fields.push(String(whole));
    } catch (error) {
      if (!(error instanceof Http2Error)) throw error;
      fields.push(error.message);
    }
    if (size > limit) throw new Error(`fields of ${size} bytes are reported`);
    return fields.join('\n');
  };
  return {
    scripts: /\/packages\/framing\/dist\/hpack\//,
    // The first byte divides the rest.
    seeds: ['00828486', '0288c0', '05400161026263be', '0340848cf2', '013f21be', '0c00831cb6778384f1e3c2e5f2'].map(
      (hex) => Buffer.from(hex, 'hex'),
    ),
    run: (input) => {
      const at = 1 + (input[0] ?? 0);
      const blocks = [input.subarray(1, at), input.subarray(at)];
      const both = [1, 2].map(() => {
        const decoder = new Decoder(4_096, limit, () => 0);
        return blocks.map((block) => decode(decoder, block)).join('\n\n');
      });
      if (both[0] !== both[1]) throw new Error(`one decoder gives ${both[0]}, the other ${both[1]}`);
    },
  };
}

interface Frames {
  raw(type: number, flags: number, id: number, payload: Buffer): Buffer;
  message(content: string): Buffer;
  headers(id: number, fields: unknown): Buffer;
  data(id: number, bytes: Buffer, ends?: boolean): Buffer;
  settings(settings: Readonly<Record<number, number>>): Buffer;
  ping(flags?: number): Buffer;
  goAway(last: number, code: number, text: string): Buffer;
  reset(id: number, code: number): Buffer;
  windowUpdate(id: number, increment: number): Buffer;
  answer(id: number, ...messages: readonly string[]): Buffer;
}

interface Peer {
  send(bytes: Buffer): void;
  lose(): void;
  frames(): Promise<unknown>;
  ask(): Listener;
  start(): Listener;
}

interface Listener {
  readonly status: unknown;
  readonly call: { read(): void };
  react: () => void;
}

/** Bytes of a server for a connection of `@etcdts/http2` with two calls: each ends once, and nothing is thrown. */
export async function connection(): Promise<Target> {
  const { FakePeer } = (await built('http2/dist/fake-peer.test.kit.js')) as { FakePeer: { ready(): Promise<Peer> } };
  const { frame, GRPC } = (await built('http2/dist/fake-frames.test.kit.js')) as { frame: Frames; GRPC: unknown };
  const { raw, message, headers, data, settings, ping, goAway, reset, windowUpdate, answer } = frame;
  const talks: readonly (readonly Buffer[])[] = [
    [answer(1, 'one', ''), answer(3, 'two')],
    [headers(1, GRPC), data(1, message('a'), true), reset(3, 7)],
    [settings({ 1: 0, 3: 1, 4: 70_000, 5: 20_000, 6: 100 }), raw(4, 1, 0, Buffer.alloc(0)), ping(), ping(1)],
    [windowUpdate(0, 5), windowUpdate(3, 2 ** 31 - 1), goAway(1, 0, 'bye'), answer(1)],
    [raw(1, 0, 1, Buffer.from([0x88])), raw(9, 4, 1, Buffer.from([0x10, 1, 97, 1, 98])), raw(2, 0, 1, Buffer.alloc(5))],
    [raw(0, 8, 1, Buffer.from([1, 0, 0])), raw(5, 4, 1, Buffer.alloc(4)), raw(11, 0, 0, Buffer.alloc(3))],
  ];
  return {
    scripts: /\/packages\/(framing|http2)\/dist\/(?!fake-)/,
    // The first byte divides the rest into two reads.
    seeds: talks.map((frames) => Buffer.concat([Buffer.from([20]), ...frames])),
    run: async (input) => {
      const peer = await FakePeer.ready();
      const calls = [peer.ask(), peer.start()];
      for (const listener of calls) {
        listener.react = () => listener.call.read();
        listener.call.read();
      }
      await peer.frames();
      const at = 1 + (input[0] ?? 0);
      for (const part of [input.subarray(1, at), input.subarray(at)]) {
        peer.send(part);
        await peer.frames();
      }
      peer.lose();
      await peer.frames();
      for (const { status } of calls) if (status === undefined) throw new Error('a call has not ended');
    },
  };
}
