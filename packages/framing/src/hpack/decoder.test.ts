import { assert, suite } from '@etcdts/testing';
import { ERROR, Http2Error } from '../errors.ts';
import { Decoder, type Field } from './decoder.ts';

const test = suite('HPACK decoder');

const plain = (listLimit = 65_536): Decoder => new Decoder(4096, listLimit, () => 0);

/** Decodes from the middle of a buffer, as a connection does. Spaces in the hexadecimal are for readers. */
function fields(decoder: Decoder, hex: string): Field[] {
  const bytes = Buffer.from(`ff${hex.replaceAll(' ', '')}ff`, 'hex');
  const found: Field[] = [];
  assert.ok(decoder.decode(bytes, 1, bytes.length - 1, (field) => void found.push(field)));
  return found;
}

const lines = (decoder: Decoder, hex: string): string[] =>
  fields(decoder, hex).map(({ name, value }) => `${name}: ${value}`);

const text = (value: string): string => Buffer.from(value, 'latin1').toString('hex');

function refused(hex: string, reason: RegExp, decoder: Decoder = plain()): void {
  assert.throws(
    () => fields(decoder, hex),
    (error: unknown) =>
      error instanceof Http2Error && error.code === ERROR.COMPRESSION_ERROR && reason.test(error.message),
    hex,
  );
}

test('reads the fields of the static table', () => {
  assert.equal(lines(plain(), '88 83 87 bd'), [
    ':status: 200',
    ':method: POST',
    ':scheme: https',
    'www-authenticate: ',
  ]);
});

test('reads a literal with a known name, or with its own', () => {
  assert.equal(lines(plain(), `0f10 10 ${text('application/grpc')}`), ['content-type: application/grpc']);
  assert.equal(lines(plain(), `00 02 ${text('te')} 08 ${text('trailers')}`), ['te: trailers']);
  assert.equal(lines(plain(), `10 02 ${text('te')} 00`), ['te: ']);
});

test('adds to its table only the literals that are to be added; the newest has the index 62', () => {
  const decoder = plain();
  const one = `40 01 ${text('a')} 01 ${text('1')}`;
  const two = `40 01 ${text('b')} 01 ${text('2')}`;
  const never = `10 01 ${text('c')} 01 ${text('3')} 00 01 ${text('d')} 01 ${text('4')}`;
  assert.equal(lines(decoder, one + two + never), ['a: 1', 'b: 2', 'c: 3', 'd: 4']);
  assert.equal(lines(decoder, 'bf be'), ['a: 1', 'b: 2']);
  assert.equal(lines(decoder, `7e 01 ${text('5')} be c0`), ['b: 5', 'b: 5', 'a: 1'], 'a name of the dynamic table');
});

test('takes a name from the table before the new entry evicts it (RFC 7541, 4.4)', () => {
  const decoder = plain();
  lines(decoder, `3f09 40 01 ${text('a')} 01 ${text('1')}`); // The table has 40 bytes, the entry 34.
  assert.equal(lines(decoder, `7e 02 ${text('22')} be`), ['a: 22', 'a: 22']);
  refused('bf', /index 63/, decoder);
});

test('reads names and values in Huffman code', () => {
  assert.equal(lines(plain(), '40 83 2a4927 81 4f be'), ['etcd: t', 'etcd: t']);
});

test('reads bytes beyond ASCII as latin1', () => assert.equal(lines(plain(), '00 01 61 02 e9ff'), ['a: éÿ']));

test('reads integers as RFC 7541, 5.1 has them', () => {
  const long = 'v'.repeat(1337);
  assert.equal(lines(plain(), `00 01 61 7fba09 ${text(long)}`), [`a: ${long}`], '127 + 58 + 9 · 128');
  assert.equal(lines(plain(), `00 01 61 7f00 ${text('v'.repeat(127))}`), [`a: ${'v'.repeat(127)}`]);
  assert.equal(lines(plain(), `00 01 61 7f80808000 ${text('v'.repeat(127))}`), [`a: ${'v'.repeat(127)}`], 'zeros');
});

test('reads an index of two bytes', () => {
  const decoder = plain();
  for (let n = 0; n < 70; n++) lines(decoder, `40 01 61 02 ${text(String(n).padStart(2, '0'))}`);
  assert.equal(lines(decoder, 'ff00 fe ff04'), ['a: 04', 'a: 05', 'a: 00'], '127, 126 and 131');
});

test('works out once what a field means, when it enters a table', () => {
  const asked: string[] = [];
  const decoder = new Decoder(4096, 65_536, (name, value) => {
    asked.push(`${name}: ${value}`);
    return name === 'grpc-status' ? 7 : name === ':status' ? 8 : 0;
  });
  assert.is(asked.length, 61);
  const [first, status] = fields(decoder, `40 0b ${text('grpc-status')} 02 ${text('14')} 88`);
  assert.equal([first?.kind, first?.number, first?.size], [7, 14, 45]);
  assert.equal([status?.kind, status?.number], [8, 200]);
  assert.is(fields(decoder, 'be')[0], first, 'the very object');
  assert.is(asked.length, 62);
  assert.is(asked[61], 'grpc-status: 14');
});

test('has a number for digits only', () => {
  const numberOf = (value: string): number | undefined =>
    fields(plain(), `00 01 61 ${Buffer.from([value.length]).toString('hex')} ${text(value)}`)[0]?.number;
  assert.is(numberOf('0'), 0);
  assert.is(numberOf('007'), 7);
  assert.is(numberOf('999999999'), 999_999_999);
  for (const value of ['', '1000000000', '-1', '+1', '1.5', '1e3', ' 1', '1 ', '0x1', '١', '1:', '1/'])
    assert.is(numberOf(value), -1, value);
});

test('sets the size of its table, at the begin of a block', () => {
  const decoder = plain();
  lines(decoder, `40 01 61 01 31 40 01 62 01 32`);
  assert.equal(lines(decoder, '3f05 be'), ['b: 2'], '36 bytes: the older one leaves');
  refused('bf', /index 63/, decoder);
  assert.equal(lines(decoder, '20 3fe11f'), [], 'to nothing, and back to 4,096');
  refused('be', /index 62/, decoder);
});

test('starts with a table of 4,096 bytes, and allows what was announced', () => {
  const large = new Decoder(8192, 65_536, () => 0);
  const field = `40 01 61 7fa11e ${text('v'.repeat(4000))}`; // 4,033 bytes
  assert.is(fields(large, field + field + 'be').length, 3);
  refused('bf', /index 63/, large);
  lines(large, '3fe13f'); // 8,192
  lines(large, field + 'bf');
  refused('3fe23f', /8193 bytes, more than the 8192/, large);
  refused('3fe21f', /4097 bytes, more than the 4096/);
});

test('refuses a size update after a field (RFC 7541, 4.2)', () => refused('88 20', /size update after a field/));

test('refuses an index of nothing', () => {
  refused('80', /index 0,/);
  refused('be', /index 62,/);
  refused('ffffff7f', /index \d+,/);
  refused('7e 0131', /index 62,/);
});

test('refuses what ends too early, and reads nothing beyond its end', () => {
  refused('ff', /amid an integer/);
  refused('ff80', /amid an integer/);
  refused('40', /amid a field/);
  refused('00 01 61', /amid a field/);
  refused('00 02 61', /runs past its end/);
  refused('00 01 61 02 31', /runs past its end/);
  refused('0f', /amid an integer/);
  refused('3f', /amid an integer/);
  const decoder = plain();
  lines(decoder, '40 01 61 01 31');
  decoder.decode(Buffer.from([0x20]), 0, 0, () => {});
  assert.equal(lines(decoder, 'be'), ['a: 1'], 'the size update came after the end');
});

test('refuses an integer that overflows', () => {
  refused('ff8080808001', /more than five bytes/);
  refused('00 7fffffffff0f', /more than five bytes/);
  refused('3fffffffffff7f', /more than five bytes/);
  refused(`00 01 61 ff${'80'.repeat(40)}00`, /more than five bytes/);
});

test('refuses bad Huffman code', () => {
  refused('00 81 ff 00', /amid a Huffman code/);
  refused('00 01 61 84 ffffffff', /EOS/);
});

test('ends a list at its limit, and decodes what follows for the sake of the table', () => {
  const decoder = plain(100);
  const found: string[] = [];
  const decode = (hex: string): boolean => {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    return decoder.decode(bytes, 0, bytes.length, ({ name }) => void found.push(name));
  };
  const field = (name: string): string => `40 01 ${text(name)} 01 31`;
  assert.ok(decode(field('a') + field('b') + `00 00 00`), '34, 34 and 32 bytes are 100');
  assert.not(decode(`be be ${field('c')} ${field('d')}`));
  assert.equal(found, ['a', 'b', '', 'b', 'b']);
  assert.ok(decode('be bf'), 'the limit is one of each list');
  assert.equal(found.slice(5), ['d', 'c']);
});

test('a block of references to a large field makes no string, and ends at the limit', () => {
  const decoder = plain();
  lines(decoder, `40 01 61 7fa11e ${text('v'.repeat(4000))}`);
  const bomb = Buffer.alloc(16_384, 0xbe);
  let reported = 0;
  const values = new Set<string>();
  assert.not(decoder.decode(bomb, 0, bomb.length, ({ value }) => (values.add(value), reported++)));
  assert.is(reported, 16, '4,033 bytes each, of 65,536');
  assert.is(values.size, 1);
});

test.run();
