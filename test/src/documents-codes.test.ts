// not about the server
// docs/error-codes.md against core's table of codes, both ways.
import { join } from 'node:path';
import { errorCodes } from '@etcdts/core/plugin';
import { assert, suite } from '@etcdts/testing';
import { root, textOf } from './documents.ts';

const test = suite('docs/error-codes.md');

type Row = readonly [grpc: string, outcome: string, remedy: string, text?: string];
const failures = (await import(join(root, 'packages/core/dist/error-codes.js'))) as Readonly<
  Record<'SERVER_FAILURES' | 'GRPC_FAILURES' | 'CLIENT_FAILURES', Readonly<Record<string, Row>>>
>;

/** The line of facts under a code, as core's table has them. */
function factsOf(code: string): string {
  const { SERVER_FAILURES: server, GRPC_FAILURES: grpc, CLIENT_FAILURES: client } = failures;
  const line = ([status, outcome, remedy]: Row): string =>
    `gRPC \`${status}\` · outcome \`${outcome}\` · remedy \`${remedy}\``;
  const lines: string[] = [];
  const verdict = server[code];
  if (verdict !== undefined) lines.push(`${line(verdict)} · \`${verdict[3]}\``);
  if (grpc[code] !== undefined) lines.push(line(grpc[code]) + (verdict ? ' · without a verdict of etcd' : ''));
  if (client[code] !== undefined) lines.push(line(client[code]));
  return lines.join('\\\n');
}

test('has each code once, and no other', () => {
  const listed = [...textOf('docs/error-codes.md').matchAll(/^### (.+)$/gm)].map(([, code]) => code as string);
  assert.equal(listed.toSorted(), (errorCodes() as string[]).toSorted());
});

for (const code of errorCodes()) {
  test(`has the facts of core's table about ${code}, its cause and what to do`, () => {
    const [, entry = ''] = textOf('docs/error-codes.md').split(new RegExp(`^### ${code}$`, 'm'));
    const [facts = '', words = ''] = entry.split(/\n#/)[0]?.trim().split('\n\n') ?? [];
    assert.is(facts, factsOf(code));
    assert.match(words, /^\*\*Cause\.\*\* [^]{15,}\\\n\*\*What to do\.\*\* [^]{5,}$/);
  });
}

test.run();
