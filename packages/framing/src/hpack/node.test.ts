// HPACK against that of node:http2, in both directions: a server of Node reads what the encoder writes, and answers what the decoder
// reads.
import { assert, deferred, seeded, suite } from '@etcdts/testing';
import { sensitiveHeaders, type OutgoingHttpHeaders, type ServerHttp2Session } from 'node:http2';
import { Decoder } from './decoder.ts';
import { Encoder } from './encoder.ts';
import { FLAG, FRAME, frame, nodePeer, tableSize } from './node-peer.test.kit.ts';

const test = suite('HPACK against node:http2');

const NAMES = (
  'accept-charset accept-encoding accept cache-control content-type cookie expires from if-range link location range referer ' +
  'server set-cookie user-agent vary via grpc-status grpc-message grpc-timeout token hasleader x-request-id a x'
).split(' ');

/** Names that Node sends once in a list. */
const SINGLE = new Set('content-type expires from if-range location range referer server user-agent'.split(' '));

interface Lists {
  pick(most: number): number;
  list(): [name: string, value: string][];
}

/** Random lists of few names and values. Node refuses requests with control characters, but sends them. */
function randomLists(random: () => number, controls: boolean): Lists {
  const pick = (most: number): number => Math.floor(random() * most);
  // Visible characters and bytes beyond ASCII; spaces amid them, as peers may cut them off at the ends.
  const mark = (): number => {
    if (controls && random() < 0.05) return 1 + pick(0x20);
    return random() < 0.05 ? 0x80 + pick(0x80) : 0x21 + pick(0x5e);
  };
  const word = (length: number): string => {
    const codes = Array.from({ length }, (_, at) => (at > 0 && at < length - 1 && random() < 0.1 ? 0x20 : mark()));
    return String.fromCharCode(...codes);
  };
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789-_.!#$%&*+^`|~';
  const own = Array.from(
    { length: 20 },
    () => `x${Array.from({ length: pick(30) }, () => letters[pick(50)]).join('')}`,
  );
  const names = [...NAMES, ...own];
  const values = Array.from({ length: 60 }, (_, at) => (at < 10 ? String(at) : word(pick(at < 57 ? 80 : 6_000))));
  return {
    pick,
    list() {
      const found: [string, string][] = [];
      const single = new Set<string>();
      for (let left = pick(12); left > 0; left--) {
        const name = names[pick(names.length)]!;
        if (SINGLE.has(name) && single.has(name)) continue;
        single.add(name);
        found.push([name, random() < 0.1 ? word(pick(100)) : values[pick(values.length)]!]);
      }
      return found;
    },
  };
}

/** A list as Node takes it and sends it: the values of a name together. */
function outgoing(list: readonly (readonly [string, string])[]): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of list) {
    if (SINGLE.has(name)) headers[name] = value;
    else ((headers[name] ??= []) as string[]).push(value);
  }
  return headers;
}

const flat = (headers: OutgoingHttpHeaders): string[] =>
  Object.entries(headers).flatMap(([name, value]) => [value].flat().flatMap((one) => [name, String(one)]));

/** One session of thousands of requests and answers, some of whose settings change both tables. Returns the counts. */
async function session(
  seed: number,
  requests: number,
): Promise<{ requests: number; answers: number; settings: number }> {
  const random = seeded(seed);
  const { pick, list } = randomLists(random, false);
  const answers = randomLists(random, true);
  const sizes = [0, 31, 32, 100, 1000, 4095, 4096, 65_536];
  const encoder = new Encoder();
  const decoder = new Decoder(65_536, 1 << 20, () => 0);
  const sent = new Map<number, string[]>();
  const answered = new Map<number, string[]>();
  const counts = { requests: 0, answers: 0, settings: 0 };
  const over = deferred<void>();
  let server: ServerHttp2Session | undefined;
  let block: Buffer[] = [];
  let next = 1;

  const request = (): void => {
    const path = `/etcdserverpb.KV/${['Range', 'Put', 'DeleteRange', 'Txn'][pick(4)]}`;
    const fields = [[':method', 'POST'], [':scheme', 'http'], [':path', path], [':authority', 'etcd:2379'], ...list()];
    const bytes = encoder.encode(fields as [string, string][]);
    sent.set(next, fields.flat());
    const cut = bytes.length < 16_000 ? bytes.length : pick(16_000);
    const first = FLAG.END_STREAM | (cut === bytes.length ? FLAG.END_HEADERS : 0);
    peer.write(frame(FRAME.HEADERS, first, next, bytes.subarray(0, cut)));
    for (let at = cut; at < bytes.length; at += 16_000) {
      const flags = at + 16_000 < bytes.length ? 0 : FLAG.END_HEADERS;
      peer.write(frame(FRAME.CONTINUATION, flags, next, bytes.subarray(at, at + 16_000)));
    }
    next += 2;
  };
  /** A few at a time; now and then, other settings before them. */
  const some = (): void => {
    if (random() < 0.1) peer.write(frame(FRAME.SETTINGS, 0, 0, tableSize(sizes[pick(sizes.length)]!)));
    for (let left = 1 + pick(5); left > 0 && next < 2 * requests; left--) request();
  };

  const peer = nodePeer({
    server: { maxDeflateDynamicTableSize: 65_536, maxHeaderListPairs: 1_000, settings: { headerTableSize: 4096 } },
    onSession: (one) => void (server = one),
    onStream(stream, rawHeaders) {
      try {
        assert.equal(rawHeaders, sent.get(stream.id!), `request ${stream.id}`);
        counts.requests++;
        if (random() < 0.1) server?.settings({ headerTableSize: sizes[pick(sizes.length)]! });
        const headers = { ':status': [200, 404, 503, 299][pick(4)]!, ...outgoing(answers.list()) };
        answered.set(stream.id!, flat(headers));
        const secret = Object.keys(headers).filter((name) => !name.startsWith(':') && random() < 0.1);
        stream.respond({ ...headers, [sensitiveHeaders]: secret }, { endStream: true, sendDate: false } as never);
      } catch (error) {
        over.reject(error);
      }
    },
    onFrame(type, flags, stream, payload) {
      try {
        if (type === FRAME.SETTINGS && (flags & FLAG.ACK) === 0) {
          for (let at = 0; at < payload.length; at += 6) {
            if (payload.readUInt16BE(at) !== 1) continue;
            encoder.limit(payload.readUInt32BE(at + 2));
            counts.settings++;
          }
          peer.write(frame(FRAME.SETTINGS, FLAG.ACK, 0));
        }
        // After its answer, Node resets a stream with NO_ERROR.
        if (type === FRAME.GOAWAY || (type === FRAME.RST_STREAM && payload.readUInt32BE(0) !== 0))
          throw new Error(`Node ends ${stream}: ${payload.toString('hex')}`);
        if (type !== FRAME.HEADERS && type !== FRAME.CONTINUATION) return;
        block.push(Buffer.from(payload));
        if ((flags & FLAG.END_HEADERS) === 0) return;
        const bytes = Buffer.concat(block);
        block = [];
        const found: string[] = [];
        assert.ok(decoder.decode(bytes, 0, bytes.length, ({ name, value }) => void found.push(name, value)));
        assert.equal(found, answered.get(stream), `answer ${stream}`);
        answered.delete(stream);
        if (++counts.answers === requests) over.resolve();
        else if (answered.size === 0 && counts.answers * 2 + 1 === next) some();
      } catch (error) {
        over.reject(error);
      }
    },
  });
  try {
    peer.write(frame(FRAME.SETTINGS, 0, 0));
    some();
    await over.promise;
  } finally {
    peer.close();
  }
  return counts;
}

for (const seed of [11, 12, 13, 14])
  test(`thousands of random lists are the same to both, whatever sizes the tables have (seed ${seed})`, async () => {
    const counts = await session(seed, 1_000);
    assert.is(counts.requests, 1_000);
    assert.is(counts.answers, 1_000);
    assert.ok(counts.settings > 20, `${counts.settings} settings of Node`);
  });

test.run();
