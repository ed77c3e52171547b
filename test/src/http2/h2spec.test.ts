// limit: 400 s
// h2spec's tests of clients: each is a server that breaks one rule of RFC 9113 and looks at what the client does about it. They
// need Go.
import { http2Transport } from '@etcdts/http2';
import { assert, eventually, suite } from '@etcdts/testing';
import { buildGo, Program } from '../concurrency/programs.ts';
import { Wire } from './wire.ts';

const test = suite('h2spec', { timeoutMs: 30_000 });

interface Line {
  /** Section, number and description. */
  readonly test: string;
  readonly port: number;
  readonly ended?: true;
  /** What the test expects, and what it has seen. */
  readonly error?: string;
}

const built = await buildGo('h2spec');

if ('missing' in built) test.skip('57 tests of clients', built.missing);
else {
  const program = new Program(built.path, []);
  const lines = (await program.printed(57)).map((line) => JSON.parse(line) as Line);
  const wires = new Map<string, Wire>();

  // Each test waits some seconds for what the client may do wrongly, so they run side by side.
  test.before(() => {
    for (const { test: name, port } of lines) {
      const wire = new Wire(http2Transport(), port);
      wires.set(name, wire);
      wire.ready.promise.then(
        () => void wire.start('/etcdserverpb.KV/Range', {}, Buffer.from('0a016b', 'hex')),
        () => {},
      );
    }
  });
  test.after(async () => {
    for (const wire of wires.values()) wire.close();
    await program[Symbol.asyncDispose]();
  });

  test('has 57 tests', () => {
    assert.is(lines.length, 57);
    assert.is(wires.size, 57, 'each has a name of its own');
  });

  for (const { test: name } of lines) {
    test(name, async () => {
      const result = await eventually(
        () => program.lines.map((line) => JSON.parse(line) as Line).find((line) => line.ended && line.test === name),
        { timeoutMs: 25_000, describe: 'h2spec has a result' },
      );
      assert.is(result.error, undefined);
      const wire = wires.get(name) as Wire;
      assert.equal(wire.wrong, []);
    });
  }
}

test.run();
