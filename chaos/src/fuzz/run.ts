// npm run fuzz [-- --target decoders|hpack|connection --seconds N --seed S]: searches, guided by coverage, for bytes of a server on which
// the client throws what it must not throw. Exit code 1 with the input if there is one.
import { seeded } from '@etcdts/testing';
import { parseArgs } from 'node:util';
import { explore } from './explore.ts';
import * as targets from './targets.ts';

const { values } = parseArgs({
  options: {
    target: { type: 'string', multiple: true, default: Object.keys(targets) },
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
  },
});
const seconds = Number(values.seconds);
if (!(seconds > 0)) throw new TypeError(`--seconds must be a number, not ${values.seconds}`);

for (const name of values.target) {
  const target = (targets as Partial<Record<string, () => ReturnType<typeof targets.hpack>>>)[name];
  if (target === undefined) throw new TypeError(`--target ${name}: there are ${Object.keys(targets).join(', ')}`);
  const begun = performance.now();
  let next = begun + 10_000;
  try {
    const { inputs, functions, kept } = await explore(await target(), {
      random: seeded(Number(values.seed)),
      goesOn: (explored) => {
        const now = performance.now();
        if (now >= next) {
          next = now + 10_000;
          console.log(`${name}: ${explored.inputs} inputs, ${explored.functions} functions, ${explored.kept} kept`);
        }
        return now < begun + seconds * 1_000;
      },
    });
    console.log(`ok   ${name}: ${inputs} inputs, ${functions} functions reached, ${kept} inputs kept, nothing found`);
  } catch (error) {
    console.log(`FAIL ${name}: ${(error as Error).stack}`);
    process.exitCode = 1;
  }
}
