import { assert, suite } from '@etcdts/testing';
import { Decoder, Encoder } from '@etcdts/framing';
import { ResponseHeads } from './response-heads.ts';

const test = suite('the header blocks of responses');

/** The blocks of one connection, and what a client reads of them. */
function connection(): { readonly heads: ResponseHeads; read(block: Buffer): string } {
  const decoder = new Decoder(4_096, 100_000, () => 0);
  return {
    heads: new ResponseHeads(new Encoder()),
    read(block) {
      const fields: string[] = [];
      decoder.decode(block, 0, block.length, ({ name, value }) => void fields.push(`${name}: ${value}`));
      return fields.join(', ');
    },
  };
}

const HEAD = ':status: 200, content-type: application/grpc';

test('say the same each time, and are one byte a field from the second time on', () => {
  const { heads, read } = connection();
  for (let i = 0; i < 5; i++) {
    const head = heads.head('application/grpc', undefined);
    assert.is(read(head), HEAD);
    const trailers = heads.trailers(0, '');
    assert.is(read(trailers), 'grpc-status: 0, grpc-message: ');
    if (i > 0) assert.equal([head.length, trailers.length], [2, 2]);
    assert.is(
      read(heads.trailersOnly(200, 'application/grpc', 5, `no ${i}`)),
      `${HEAD}, grpc-status: 5, grpc-message: no ${i}`,
    );
    assert.is(read(heads.head('application/grpc', 'gzip')), `${HEAD}, grpc-encoding: gzip`);
  }
});

test('stay right over ever new types and texts', () => {
  const { heads, read } = connection();
  for (let i = 0; i < 1_000; i++) {
    assert.is(
      read(heads.head(`application/grpc+${i}`, undefined)),
      `:status: 200, content-type: application/grpc+${i}`,
    );
    assert.is(read(heads.trailers(13, `text ${i}`)), `grpc-status: 13, grpc-message: text ${i}`);
    assert.is(read(heads.trailers(0, '')), 'grpc-status: 0, grpc-message: ');
  }
});

test('have texts percent-encoded as UTF-8, but for printable ASCII without %', () => {
  const { heads, read } = connection();
  assert.is(read(heads.trailers(2, 'a ~%\né')), 'grpc-status: 2, grpc-message: a ~%25%0A%C3%A9');
});

test.run();
