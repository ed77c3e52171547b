// npm run fuzz -- --seconds 600 searches longer.
import { assert, rejects, seeded, suite } from '@etcdts/testing';
import { explore, type Explored } from './explore.ts';
import { connection, decoders, hpack } from './targets.ts';

const test = suite('bytes of a server, guided by coverage', { timeoutMs: 60_000 });

const few =
  (most: number) =>
  ({ inputs }: Explored): boolean =>
    inputs < most;

/** Three bytes that nobody guesses at once, but one after the other. */
function needle(input: Buffer): void {
  if (input[0] !== 0xe7) return;
  if (input[1] !== 0xcd) return;
  if (input[2] === 0x75) throw new RangeError('the needle');
}

test('find an input that fails by what its parts reach', async () => {
  const target = { scripts: /fuzz\/fuzz\.test\.js/, seeds: [Buffer.from('hay')], run: needle };
  const search = { random: seeded(1), goesOn: few(200_000) };
  await rejects(explore(target, search), /^input \d+ of the search, e7cd75\w*: RangeError: the needle$/);
  // Without coverage there is nothing to follow.
  const blind = await explore({ ...target, scripts: /nothing/ }, { ...search, goesOn: few(2_000) });
  assert.is(blind.kept, 0);
});

for (const [name, [make, least]] of Object.entries({
  decoders: [decoders, 40],
  hpack: [hpack, 15],
  connection: [connection, 60],
} as const)) {
  test(`${name} of whatever comes: an error that says what is wrong, or an answer`, async () => {
    const { inputs, functions, kept } = await explore(await make(), { random: seeded(2), goesOn: few(2_500) });
    assert.ok(inputs >= 2_500);
    assert.ok(functions > least, `${functions} functions`);
    assert.ok(kept > 10, `${kept} inputs reached new code`);
  });
}

test.run();
