// limit: 120 s
// h2spec's tests of servers, the strict ones as well, against the embedded etcd: each breaks one rule of RFC 9113, or does what a client
// may do. They need Go.
import { startEmbedded } from '@etcdts/embedded';
import { assert, suite } from '@etcdts/testing';
import { buildGo, Program } from '../concurrency/programs.ts';

const test = suite('embedded: h2spec', { timeoutMs: 100_000 });

interface Line {
  /** Section, number and description. */
  readonly test: string;
  readonly skipped?: true;
  /** What the test expects, and what it has seen. */
  readonly error?: string;
}

/** Tests of what no server of gRPC does: h2spec asks for a page, and awaits DATA. etcd refuses that by headers alone, too. */
const WITHOUT_DATA = ['generic/2/2', 'generic/2/3'];

/** Those that do not apply: there is no limit of streams to exceed, and no DATA to divide. */
const SKIPPED = ['http2/5.1.2/1', 'http2/6.5.3/1', 'http2/6.9.1/1', 'http2/6.9.2/1', 'http2/6.9.2/2'];

const built = await buildGo('h2spec');

if ('missing' in built) test.skip('146 tests of servers', built.missing);
else {
  test('146 tests of servers: all pass that apply to a server of gRPC', async () => {
    await using etcd = await startEmbedded();
    await using program = new Program(built.path, [etcd.endpoint.slice(etcd.endpoint.lastIndexOf(':') + 1)]);
    const lines = (await program.printed(146, 90_000)).map((line) => JSON.parse(line) as Line);
    const idOf = ({ test: name }: Line): string => name.slice(0, name.indexOf(' '));
    const failed = lines.filter((line) => line.error !== undefined);
    assert.equal(failed.map(idOf).sort(), WITHOUT_DATA, failed.map((line) => JSON.stringify(line)).join('\n'));
    for (const { error } of failed) assert.match(error as string, /expected \["DATA frame"\], got HEADERS Frame/);
    assert.equal(
      lines
        .filter((line) => line.skipped)
        .map(idOf)
        .sort(),
      SKIPPED,
    );
  });
}

test.run();
