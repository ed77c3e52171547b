// node server.js <seed>: an etcd that lies, in a process of its own. It sends its address, and once a second how many messages it has sent.
import {
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { seeded } from '@etcdts/testing';
import { Dice } from './dice.ts';
import { ANSWERS, mutated, renewalLie, snapshotLie, watchLie } from './lies.ts';
import { rpcOf } from './protocol.ts';

const dice = new Dice(seeded(Number(process.argv[2] ?? 1)));
const server = new Server({ 'grpc.max_receive_message_length': -1 });
let sent = 0;

const TEXTS = [
  '',
  'etcdserver: request timed out',
  'etcdserver: mvcc: required revision has been compacted',
  'etcdserver: requested lease not found',
  'auth: revision in header is old',
  'line\r\nanother \u001b[31mred\u001b[0m \u0000',
  'long '.repeat(20_000),
] as const;

const same = (bytes: Buffer): Buffer => bytes;

/** A message, which is wrong in form every third time. */
function lie(bytes: Buffer): Buffer {
  sent++;
  return dice.chance(35) ? mutated(dice, bytes) : bytes;
}

function failure(): { readonly code: number; readonly details: string; readonly metadata: Metadata } {
  sent++;
  return {
    code: dice.pick([1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 14, 16, 17, 999]),
    details: dice.pick(TEXTS),
    metadata: new Metadata(),
  };
}

for (const [name, answer] of Object.entries(ANSWERS)) {
  server.register(
    rpcOf(name).path,
    ((_: unknown, done: (error: unknown, bytes?: Buffer) => void) => {
      const way = dice.below(100);
      if (way < 15) done(failure());
      // Some calls are never answered.
      else if (way < 97) done(null, lie(answer(dice)));
    }) as handleUnaryCall<Buffer, Buffer>,
    same,
    same,
    'unary',
  );
}

type Duplex = ServerDuplexStream<Buffer, Buffer>;

/** Sends messages while the stream is open, as many as the client takes, and ends it at last, one way or the other. */
function talk(stream: Duplex | ServerWritableStream<Buffer, Buffer>, message: () => Buffer): void {
  const end = (): void => {
    const way = dice.below(3);
    if (way === 0) stream.end();
    else if (way === 1) stream.emit('error', failure());
    // Else it says nothing more.
  };
  let left = dice.below(600);
  const speak = (): void => {
    for (let i = 1 + dice.below(30); i > 0; i--) {
      if (stream.destroyed || stream.cancelled) return;
      if (left-- <= 0) return end();
      if (!stream.write(lie(message()))) {
        stream.once('drain', () => setImmediate(speak));
        return;
      }
    }
    setImmediate(speak);
  };
  stream.on('error', () => {});
  setImmediate(speak);
}

server.register(
  rpcOf('Watch.Watch').path,
  (stream: Duplex) => {
    let asked = 0;
    stream.on('data', () => {
      asked++;
      // Most watches are created as they should be.
      if (dice.chance(85))
        stream.write(
          rpcOf('Watch.Watch').responseSerialize({
            header: { clusterId: '1', memberId: '1', revision: '1' },
            watchId: String(asked - 1),
            created: true,
          } as never),
        );
    });
    talk(stream, () => watchLie(dice, asked));
  },
  same,
  same,
  'bidi',
);
server.register(
  rpcOf('Lease.LeaseKeepAlive').path,
  (stream: Duplex) => {
    let last = '1';
    stream.on('data', (bytes: Buffer) => {
      last = (rpcOf('Lease.LeaseKeepAlive').requestDeserialize(bytes) as { ID?: string }).ID ?? '1';
    });
    talk(stream, () => renewalLie(dice, last));
  },
  same,
  same,
  'bidi',
);
server.register(
  rpcOf('Maintenance.Snapshot').path,
  (stream: ServerWritableStream<Buffer, Buffer>) => talk(stream, () => snapshotLie(dice)),
  same,
  same,
  'serverStream',
);

server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.send?.({ port });
});
setInterval(() => process.send?.({ sent }), 200).unref();
process.on('disconnect', () => process.exit(0));
