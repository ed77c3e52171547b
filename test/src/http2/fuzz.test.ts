// limit: 3600 s
// Hostile servers, by the thousand: whatever they send, calls end with a reason, nothing is thrown where nobody catches it, and
// memory stays bounded. More of them, and other ones:
//   FUZZ_MESSAGES=1000000 FUZZ_SEED=2 npm test -- http2/fuzz
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createClient, isEtcdError } from '@etcdts/core';
import type { Transport } from '@etcdts/core/plugin';
import { http2Transport } from '@etcdts/http2';
import { assert, eventually, suite } from '@etcdts/testing';
import { HostileFrames } from './hostile-frames.ts';
import { Dice } from './random-bytes.ts';
import { FLAG, FRAME, RawServer, settings, type RawPeer } from './raw-peer.ts';
import { Wire, type Talk } from './wire.ts';

const messages = Number(process.env['FUZZ_MESSAGES'] ?? 20_000);
const seed = Number(process.env['FUZZ_SEED'] ?? 1);
const SIDE_BY_SIDE = 24;
const MOST_ON_A_CONNECTION = 300;
const MIB = 1 << 20;

const test = suite('hostile frames', { timeoutMs: 60_000 + messages * 5 });

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What happened, to see that all kinds of things did. */
class Tally {
  readonly counts: Map<string, number> = new Map();
  messages = 0;
  readonly #connections: WeakRef<object>[] = [];

  get connections(): number {
    return this.#connections.length;
  }

  add(connection: object): void {
    this.#connections.push(new WeakRef(connection));
  }

  /** How many connections are still in memory. */
  held(): number {
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
    return this.#connections.filter((one) => one.deref() !== undefined).length;
  }

  count(what: string): void {
    // Ids and lengths aside, an end is the same one.
    const kind = what.replace(/\d+/g, 'N').replace(/(the peer ends the connection: error N).*/, '$1');
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  of(pattern: RegExp): number {
    return Array.from(this.counts, ([what, count]) => (pattern.test(what) ? count : 0)).reduce((sum, n) => sum + n, 0);
  }
}

/** What a caller may do with a connection and its calls, at any time. */
class Caller {
  readonly #dice: Dice;
  readonly #wire: Wire;

  constructor(dice: Dice, wire: Wire) {
    this.#dice = dice;
    this.#wire = wire;
  }

  act(): void {
    const { below, chance } = bound(this.#dice);
    const under = this.#wire.talks.filter((talk) => !talk.over);
    if (this.#wire.open && (under.length === 0 || (under.length < 6 && chance(20)))) this.#start();
    const talk = under[below(under.length + 1)];
    if (talk === undefined) return;
    const roll = below(20);
    if (roll < 10) talk.read(1 + below(3));
    else if (roll < 14) talk.send(this.#dice.bytes(this.#dice.pick([0, 5, 200, 20_000, 60_000])));
    else if (roll < 16) talk.halfClose();
    else if (roll < 17) talk.cancel();
  }

  #start(): void {
    const dice = this.#dice;
    const path = dice.pick(['/etcdserverpb.KV/Put', '/etcdserverpb.Watch/Watch', '/test/Other']);
    const metadata = dice.pick([{}, { token: 'a' }, { token: String(dice.below(20)), hasleader: 'true' }]);
    const talk = dice.chance(50)
      ? this.#wire.start(path, metadata, dice.bytes(dice.pick([0, 10, 300, 30_000])))
      : this.#wire.start(path, metadata);
    // Some read on, cancel or start another call where a message is reported.
    const habit = dice.below(10);
    if (talk.streaming && habit < 5) talk.onEach = () => talk.read();
    else if (habit === 5) talk.onEach = () => talk.cancel();
    else if (habit === 6) talk.onEach = () => void (this.#wire.open && this.#start());
  }
}

function bound(dice: Dice): { below(limit: number): number; chance(percent: number): boolean } {
  return { below: (limit) => dice.below(limit), chance: (percent) => dice.chance(percent) };
}

/** Serves one connection until it is closed. */
async function serve(peer: RawPeer, dice: Dice, tally: Tally, act: () => void): Promise<void> {
  const frames = new HostileFrames(dice, dice.pick([0, 1, 5, 30, 100]));
  if (!dice.chance(3)) peer.send(FRAME.SETTINGS, FLAG.NONE, 0, dice.chance(50) ? undefined : settings([3, 5]));
  // Some servers do not read, so that what they provoke waits in the client.
  const reading = !dice.chance(10);
  for (let left = 1 + dice.below(MOST_ON_A_CONNECTION); left > 0 && !peer.closed; left--) {
    if (!reading && peer.requests.length > 0) peer.socket.pause();
    let bytes = frames.next(peer.requests);
    tally.messages++;
    while (bytes.length > 0 && dice.chance(20)) {
      const cut = 1 + dice.below(bytes.length);
      peer.write(bytes.subarray(0, cut));
      bytes = bytes.subarray(cut);
      await turn();
    }
    peer.write(bytes);
    if (dice.chance(70)) await turn();
    act();
  }
  peer.socket.resume();
}

/** A server, and clients that connect to it one after the other, so that it is clear whose a connection is. */
class Lane implements AsyncDisposable {
  readonly transport: Transport = http2Transport();
  readonly dice: Dice;
  readonly #server: RawServer;
  readonly #peers: RawPeer[];

  private constructor(dice: Dice, server: RawServer, peers: RawPeer[]) {
    this.dice = dice;
    this.#server = server;
    this.#peers = peers;
  }

  static async open(dice: Dice): Promise<Lane> {
    const peers: RawPeer[] = [];
    const server = await RawServer.start((peer) => {
      // A connection that begins with TLS only finds out whether the server speaks it.
      peer.socket.once('data', (bytes: Buffer) => void (bytes.toString('latin1', 0, 3) === 'PRI' && peers.push(peer)));
    });
    return new Lane(dice, server, peers);
  }

  async connect(): Promise<{ readonly wire: Wire; readonly peer: RawPeer }> {
    this.#server.peers.length = 0;
    const wire = new Wire(this.transport, this.#server.port, { maxReceiveBytes: 4 * MIB });
    const peer = await eventually(() => this.#peers.shift(), { describe: 'the client connects' });
    return { wire, peer };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }
}

async function oneConnection(lane: Lane, tally: Tally): Promise<void> {
  const { dice } = lane;
  const { wire, peer } = await lane.connect();
  const caller = new Caller(dice, wire);
  await serve(peer, dice, tally, () => caller.act());
  // The server ends, crashes, or says nothing more until the client closes.
  const way = dice.below(3);
  if (way === 0) peer.socket.end();
  else if (way === 1) peer.socket.destroy();
  else wire.close();
  // The end of a stream is reported after all its messages.
  for (const talk of wire.talks) {
    if (talk.over) continue;
    talk.onEach = () => talk.read();
    talk.read();
  }
  const over = (): boolean => wire.talks.every((talk) => talk.over) && (way === 2 || wire.isLost);
  const describe = (): string =>
    `all is over: ${JSON.stringify(wire.talks.map((talk) => [talk.over, talk.messages.length]))} ${wire.isLost} ${way}`;
  await eventually(over, { timeoutMs: 10_000, describe });
  wire.close();
  peer.socket.destroy();
  await eventually(() => peer.closed, { timeoutMs: 10_000, describe: 'the socket is closed' });
  assert.equal(wire.wrong, []);
  tally.add(wire.connection);
  if (wire.isLost) tally.count(`lost: ${(await wire.lost.promise).details}`);
  for (const talk of wire.talks) await count(talk, tally);
}

async function count(talk: Talk, tally: Tally): Promise<void> {
  if (talk.cancelled) return tally.count('call: cancelled');
  const { code, details, reach } = await talk.status.promise;
  assert.ok(['sent', 'refused', 'unsent'].includes(reach), reach);
  tally.count(code === 0 ? 'call: well' : `call: ${details}, ${reach}`);
}

test(`${messages} messages of hostile servers end calls with reasons, and nothing else (seed ${seed})`, async () => {
  const tally = new Tally();
  const lane = async (number: number): Promise<void> => {
    await using own = await Lane.open(new Dice(seed * 1_000 + number));
    while (tally.messages < messages) await oneConnection(own, tally);
  };
  const before = process.memoryUsage().rss / MIB;
  let peak = before;
  const watching = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss / MIB)), 20);
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, (_, number) => lane(number)));
  clearInterval(watching);
  const held = tally.held();
  const reasons = Array.from(tally.counts).sort(([, a], [, b]) => b - a);
  if (process.env['FUZZ_MESSAGES'] !== undefined) {
    console.log(reasons.map(([what, n]) => `${String(n).padStart(8)} ${what}`).join('\n'));
    console.log(
      `${tally.messages} messages on ${tally.connections} connections, of which ${held} are held; ${before.toFixed(0)} MiB before, ${peak.toFixed(0)} at most`,
    );
  }
  assert.ok(tally.of(/^call: well/) > messages / 1_000, 'some calls go well');
  assert.ok(tally.of(/^lost: the connection was ended here/) > messages / 2_000, 'some servers are refused');
  assert.ok(reasons.filter(([what]) => what.startsWith('lost:')).length >= 20, 'there are many reasons');
  assert.ok(held <= SIDE_BY_SIDE, `${held} of ${tally.connections} connections are held`);
  assert.ok(peak - before < 400, `${before.toFixed(0)} MiB before, ${peak.toFixed(0)} at most`);
});

test('every operation of a client of hostile servers ends with an EtcdError, or well', async () => {
  const dice = new Dice(seed);
  const tally = new Tally();
  await using server = await RawServer.start((peer) => {
    void serve(peer, dice, tally, () => {}).then(() => peer.socket.destroy());
  });
  for (let round = 0; round < messages / 1_000; round++) {
    await using client = createClient({
      endpoints: `127.0.0.1:${server.port}`,
      transport: http2Transport(),
      requestTimeoutMs: 100,
      connectTimeoutMs: 100,
    });
    const watch = client.watch('k');
    const calls = [
      client.kv.get('k'),
      client.kv.put('k', 'v'),
      client.lease.grant(60),
      client.kv.get('k', { prefix: true }),
    ];
    const created = Promise.race([watch.created, new Promise((resolve) => setTimeout(resolve, 100))]);
    for (const result of await Promise.allSettled([...calls, created.then(() => watch.cancel())])) {
      if (result.status === 'rejected' && !isEtcdError(result.reason)) throw result.reason;
      tally.count(result.status === 'rejected' ? (result.reason as { code: string }).code : 'well');
    }
  }
  assert.ok(tally.counts.size >= 3, JSON.stringify([...tally.counts]));
});

test.run();
