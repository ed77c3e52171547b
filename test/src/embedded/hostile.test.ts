// limit: 3600 s
// Hostile clients: whatever they send, the server lives, answers others, and keeps none of it. More of them, and other ones:
//   FUZZ_MESSAGES=1000000 FUZZ_SEED=2 npm test -- embedded/hostile
import { connect } from 'node:net';
import { startEmbedded } from '@etcdts/embedded';
import { assert, eventually, suite } from '@etcdts/testing';
import { bomb, changed, flood } from '../http2/hostile-bytes.ts';
import { HostileFrames } from '../http2/hostile-frames.ts';
import { Dice } from '../http2/random-bytes.ts';
import { FLAG, FRAME, frameBytes, settings, uint32 } from '../http2/raw-peer.ts';
import { RawEtcd } from '../raw-etcd.ts';
import { call, framed, portOf, RawClient, request } from './raw-client.ts';

const messages = Number(process.env['FUZZ_MESSAGES'] ?? 5_000);
const seed = Number(process.env['FUZZ_SEED'] ?? 1);
const MOST_ON_A_CONNECTION = 200;
const SIDE_BY_SIDE = 8;
const MIB = 1 << 20;

const test = suite('embedded: hostile clients', { timeoutMs: 60_000 + messages * 5 });

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const PATHS = [
  'KV/Range',
  'KV/Put',
  'KV/DeleteRange',
  'KV/Txn',
  'KV/RangeStream',
  'Watch/Watch',
  'Lease/LeaseKeepAlive',
  'No/Such',
];
const KEY = Buffer.from('0a0161', 'hex');
const WATCH = Buffer.from('0a030a0161', 'hex');

/** Random frames of a client: mostly right ones, then wrong ones, those of a server, and right ones with some of their bytes changed. */
class HostileClient {
  readonly #dice: Dice;
  readonly #hostility: number;
  readonly #server: HostileFrames;
  readonly #open: number[] = [];
  #next = 1;

  constructor(dice: Dice, hostility: number) {
    this.#dice = dice;
    this.#hostility = hostility;
    this.#server = new HostileFrames(dice, 50);
  }

  message(): Buffer {
    const dice = this.#dice;
    if (!dice.chance(this.#hostility)) return this.#right();
    const roll = dice.below(12);
    if (roll < 5) return changed(dice, this.#right());
    if (roll < 9) return this.#server.next(this.#open);
    if (roll < 10) return flood(dice, dice.pick([...this.#open, 1]));
    const id = this.#next;
    this.#next += 2;
    return frameBytes(FRAME.HEADERS, FLAG.END_HEADERS, id, bomb(dice).subarray(0, 16_384));
  }

  #right(): Buffer {
    const dice = this.#dice;
    const roll = dice.below(100);
    if (roll < 40 || this.#open.length === 0) return this.#begin();
    const id = dice.pick(this.#open);
    if (roll < 60) return frameBytes(FRAME.DATA, FLAG.NONE, id, framed(dice.pick([KEY, WATCH, dice.bytes(40)])));
    if (roll < 65) return frameBytes(FRAME.DATA, dice.pick([0, 1]), id, dice.bytes(dice.pick([0, 3, 1_000, 16_384])));
    if (roll < 75) return frameBytes(FRAME.DATA, FLAG.END_STREAM, this.#close(id));
    if (roll < 90) return frameBytes(FRAME.RST_STREAM, FLAG.NONE, this.#close(id), uint32(8));
    if (roll < 94)
      return frameBytes(FRAME.WINDOW_UPDATE, FLAG.NONE, dice.pick([0, id]), uint32(1 + dice.below(100_000)));
    if (roll < 97) return frameBytes(FRAME.PING, FLAG.NONE, 0, Buffer.alloc(8));
    return frameBytes(FRAME.SETTINGS, FLAG.NONE, 0, settings([4, dice.below(200_000)], [1, dice.below(8_192)]));
  }

  #begin(): Buffer {
    const dice = this.#dice;
    const id = this.#next;
    this.#next += 2;
    const path = `/etcdserverpb.${dice.pick(PATHS)}`;
    if (dice.chance(50)) return call(id, path, dice.pick([KEY, WATCH, dice.bytes(30)]));
    this.#open.push(id);
    const more = dice.chance(20) ? ([['grpc-timeout', '5m']] as const) : [];
    return frameBytes(FRAME.HEADERS, FLAG.END_HEADERS, id, request(path, ...more));
  }

  #close(id: number): number {
    this.#open.splice(this.#open.indexOf(id), 1);
    return id;
  }
}

test(`${messages} messages of theirs do no harm`, async () => {
  await using etcd = await startEmbedded();
  const port = portOf(etcd.endpoint);
  const dice = new Dice(seed);
  let sent = 0;
  let refused = 0;
  let frames = 0;
  const one = async (): Promise<void> => {
    while (sent < messages) {
      const client = new RawClient(port);
      client.onFrame = ({ type }) => {
        frames++;
        if (type === FRAME.GOAWAY) refused++;
      };
      const hostile = new HostileClient(dice, dice.pick([0, 2, 10, 60]));
      for (let i = 0; i < MOST_ON_A_CONNECTION && sent < messages && !client.closed; i++, sent++) {
        client.write(hostile.message());
        if (dice.chance(30)) await turn();
      }
      if (dice.chance(50)) client.socket.end();
      else client.socket.destroy();
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, one));
  assert.ok(refused > 0 && frames > messages / 10, `${refused} connections were refused, ${frames} frames came`);
  const raw = new RawEtcd(etcd.endpoint);
  const { error } = await raw.call('KV.Put', { key: Buffer.from('k') });
  assert.is(error, undefined);
  raw.close();
});

/** Sends text to the port, a byte at a time if it is slow, and resolves with what comes back until the end. */
function exchange(port: number, text: string, slow = false): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.setNoDelay(true).on('data', (chunk: Buffer) => void chunks.push(chunk));
  // A connection that is cut is an answer as well.
  socket.on('error', () => {});
  const send = async (): Promise<void> => {
    for (const part of slow ? text : [text]) {
      socket.write(part, 'latin1');
      if (slow) await turn();
    }
    socket.end();
  };
  void send();
  return new Promise((resolve) => socket.once('close', () => resolve(Buffer.concat(chunks).toString('latin1'))));
}

test('what begins a connection may be HTTP/1.1 or HTTP/2, in whatever parts, and else ends it', async () => {
  await using etcd = await startEmbedded();
  const port = portOf(etcd.endpoint);
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: etcd\r\nConnection: close\r\n\r\n`;
  for (const slow of [false, true]) {
    assert.match(await exchange(port, get('/version'), slow), /^HTTP\/1.1 200 OK.*etcdserver/s);
    // Addresses that are no URL.
    for (const path of ['//', 'http://', '/%', 'http://[']) {
      assert.match(await exchange(port, get(path), slow), /^HTTP\/1.1 40[04] /);
    }
    // SETTINGS, and those of the server.
    const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
    assert.is((await exchange(port, `${preface}\0\0\0\x04\0\0\0\0\0`, slow)).charCodeAt(3), FRAME.SETTINGS);
    for (const text of ['', 'P', 'PRI * HTTP/1.0\r\n\r\n', '\x16\x03\x01 TLS', 'INVALID\r\n\r\n', `${preface} GET /`]) {
      assert.not.match(await exchange(port, text, slow), /^HTTP\/1.1 2/, text);
    }
  }
});

test('a client that asks for much and gives no window costs a bounded memory, and gets all when it gives one', async () => {
  await using etcd = await startEmbedded();
  const raw = new RawEtcd(etcd.endpoint);
  const SIZE = 200_000;
  await raw.call('KV.Put', { key: Buffer.from('a'), value: Buffer.alloc(SIZE) });
  const client = new RawClient(portOf(etcd.endpoint), [4, 0]);
  const before = process.memoryUsage().arrayBuffers;
  const CALLS = 2_000;
  for (let i = 0; i < CALLS; i++) client.write(call(2 * i + 1, '/etcdserverpb.KV/Range', KEY));
  client.write(frameBytes(FRAME.PING, FLAG.NONE, 0, Buffer.alloc(8)));
  // The answer to the ping comes behind what all requests have caused.
  await eventually(() => client.count(FRAME.PING) === 1);
  const grown = process.memoryUsage().arrayBuffers - before;
  assert.ok(grown < 100 * MIB, `${grown >> 20} MiB for ${(CALLS * SIZE) >> 20} MiB of answers`);
  let left = CALLS;
  client.onFrame = ({ type, flags, payload }) => {
    if (type === FRAME.HEADERS && (flags & FLAG.END_STREAM) !== 0) left--;
    if (type === FRAME.DATA && payload.length > 0) {
      client.write(frameBytes(FRAME.WINDOW_UPDATE, FLAG.NONE, 0, uint32(payload.length)));
    }
  };
  client.write(frameBytes(FRAME.SETTINGS, FLAG.NONE, 0, settings([4, 2 * SIZE])));
  await eventually(() => left === 0, { timeoutMs: 50_000, describe: () => `${left} answers are missing` });
  assert.ok(client.dataBytes > CALLS * SIZE);
  client.socket.destroy();
  raw.close();
});

test.run();
