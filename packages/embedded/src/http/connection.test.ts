import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { assert, settle, suite } from '@etcdts/testing';
import type { CallListener, ServerCall } from './call.ts';
import { ServerConnection } from './connection.ts';

const test = suite('a connection of a client');

const HEADERS = 1;
const RST_STREAM = 3;
const GOAWAY = 7;

/** A frame without payload, but for what is given. */
function frame(type: number, flags: number, id: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(id, 5);
  return Buffer.concat([header, payload]);
}

const SETTINGS = frame(4, 0, 0);

/** The headers of a call, as literals that enter no table. */
function request(path: string, ...more: readonly (readonly [name: string, value: string])[]): Buffer {
  const fields = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    ['content-type', 'application/grpc'],
    ...more,
  ] as const;
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

/** A connection over a socket that takes what is written, or not, and the types of the frames on it. */
class Fake {
  readonly written: Buffer[] = [];
  readonly calls: ServerCall[] = [];
  readonly reports: string[] = [];
  readonly socket: Duplex;
  readonly connection: ServerConnection;
  soon = false;
  #take: (() => void) | undefined;

  constructor(takes = true) {
    this.socket = new Duplex({
      highWaterMark: 1,
      read: () => {},
      write: (chunk: Buffer, _, done) => {
        this.written.push(Buffer.from(chunk));
        if (takes) done();
        else this.#take = done;
      },
    });
    (this.socket as Duplex & { destroySoon: () => void }).destroySoon = () => (this.soon = true);
    this.connection = new ServerConnection(this.socket as Socket, {
      maxReceiveBytes: 1_000,
      accept: (call) => this.#accept(call),
      pass: (task) => task(),
    });
  }

  /** The socket takes what was written. */
  take(): void {
    this.#take?.();
  }

  read(...frames: readonly Buffer[]): void {
    this.connection.read(Buffer.concat(frames));
  }

  types(): readonly number[] {
    const bytes = Buffer.concat(this.written);
    const types = [];
    for (let at = 0; at < bytes.length; at += 9 + bytes.readUIntBE(at, 3)) types.push(bytes[at + 3] as number);
    return types;
  }

  #accept(call: ServerCall): CallListener {
    this.calls.push(call);
    const { id } = call;
    return {
      message: (bytes) => void this.reports.push(`${id} ${bytes.toString()}`),
      end: () => void this.reports.push(`${id} end`),
      drain: () => void this.reports.push(`${id} drain`),
      close: () => void this.reports.push(`${id} close`),
    };
  }
}

const open = (id: number, ...more: readonly (readonly [string, string])[]): Buffer =>
  frame(HEADERS, 4, id, request('/a/b', ...more));
const message = (text: string): Buffer => Buffer.concat([Buffer.from([0, 0, 0, 0, text.length]), Buffer.from(text)]);

test('a client that provokes RST_STREAM without end and reads none of it is cut off', async () => {
  const fake = new Fake(false);
  await settle();
  fake.read(SETTINGS);
  // HEADERS that lack everything, of which each is refused by 13 bytes.
  for (let i = 0; i < 200 && !fake.soon; i++) {
    fake.read(...Array.from({ length: 1_000 }, (_, n) => frame(HEADERS, 4, 2 * (1_000 * i + n) + 1)));
  }
  assert.ok(fake.soon);
});

test('messages are reported as they come, in whatever parts, and then the end', () => {
  const fake = new Fake();
  fake.read(SETTINGS, open(1));
  const bytes = Buffer.concat([frame(0, 0, 1, message('abc')), frame(0, 1, 1, message('d'))]);
  for (const byte of bytes) fake.read(Buffer.from([byte]));
  assert.equal(fake.reports, ['1 abc', '1 d', '1 end']);
});

test('a call ends with its connection, once', async () => {
  const fake = new Fake();
  fake.read(SETTINGS, open(1), frame(0, 0, 1, message('x')));
  fake.socket.destroy();
  await settle();
  fake.calls[0]?.finish(0, '');
  assert.equal(fake.reports, ['1 x', '1 close']);
});

test('calls that are cancelled when they are answered already are no flood, but a call is cancelled once', async () => {
  const fake = new Fake();
  fake.read(SETTINGS);
  const cancel = (id: number): Buffer => frame(RST_STREAM, 0, id, Buffer.from([0, 0, 0, 8]));
  const ids = Array.from({ length: 3_000 }, (_, n) => 2 * n + 1);
  fake.read(...ids.map((id) => frame(HEADERS, 5, id, request('/a/b'))));
  for (const call of fake.calls) call.finish(0, '');
  await settle();
  fake.read(...ids.map(cancel));
  assert.not.ok(fake.soon);
  fake.read(...ids.map(cancel));
  assert.ok(fake.soon);
});

test('what waits for the reader of a stream holds up no other call', async () => {
  const fake = new Fake();
  fake.read(SETTINGS, open(1), open(3));
  const [stream, single] = fake.calls as [ServerCall, ServerCall];
  stream.answer(Buffer.alloc(40 << 20));
  let runs = 0;
  single.admit(() => runs++);
  assert.is(runs, 1);
  single.answer(Buffer.alloc(40 << 20));
  single.admit(() => runs++);
  await settle();
  assert.is(runs, 1);
  fake.read(frame(RST_STREAM, 0, 3, Buffer.from([0, 0, 0, 8])));
  await settle();
  assert.is(runs, 2);
});

test('a call that is reset is over at once, and its stream is closed: what follows of it breaks a rule', async () => {
  const fake = new Fake();
  fake.read(SETTINGS, open(1), frame(RST_STREAM, 0, 1, Buffer.from([0, 0, 0, 8])), open(3));
  assert.equal(fake.reports, ['1 close']);
  assert.not.ok(fake.soon);
  fake.read(frame(0, 0, 1, message('x')));
  await settle();
  assert.is(fake.types().at(-1), GOAWAY);
  assert.equal(fake.reports, ['1 close', '3 close']);
});

test('more answers than a call may hold are awaited: it is congested until they are written', async () => {
  const fake = new Fake(false);
  await settle();
  fake.read(
    SETTINGS,
    frame(8, 0, 0, Buffer.from([0, 0x10, 0, 0])),
    open(1),
    frame(8, 0, 1, Buffer.from([0, 0x10, 0, 0])),
  );
  const [call] = fake.calls as [ServerCall];
  call.answer(Buffer.alloc(60_000));
  assert.not.ok(call.congested);
  call.answer(Buffer.alloc(60_000));
  assert.ok(call.congested);
  for (let i = 0; i < 20 && call.congested; i++) {
    fake.take();
    await settle();
  }
  assert.equal([call.congested, fake.reports], [false, ['1 drain']]);
});

test('a paused call takes no messages, and gets them in order when it goes on, with the end behind them', async () => {
  const fake = new Fake();
  fake.read(SETTINGS, open(1));
  const [call] = fake.calls as [ServerCall];
  call.pause();
  fake.read(frame(0, 0, 1, message('a')), frame(0, 1, 1, message('b')));
  assert.equal(fake.reports, []);
  call.resume();
  assert.equal(fake.reports, ['1 a', '1 b', '1 end']);
});

test('a call whose deadline passes ends, and one that is answered before has no timer', async () => {
  const fake = new Fake();
  fake.read(SETTINGS, open(1, ['grpc-timeout', '1m']), open(3, ['grpc-timeout', '1S']));
  fake.calls[1]?.finish(0, '');
  await settle();
  assert.is(fake.calls[1]?.deadline, undefined);
  await new Promise<void>((resolve) => {
    const look = (): void => void (fake.reports.includes('1 close') ? resolve() : setTimeout(look, 1));
    look();
  });
  assert.is(fake.calls[0]?.code, 4);
});

test('a message over the limit ends its call by its prefix alone', () => {
  const fake = new Fake();
  fake.read(SETTINGS, open(1), frame(0, 0, 1, Buffer.from([0, 0, 0, 0x10, 0])));
  assert.is(fake.calls[0]?.text, 'grpc: received message larger than max (4096 vs. 1000)');
});

test.run();
