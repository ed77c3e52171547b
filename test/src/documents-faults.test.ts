// limit: 300 s
// Every program in the documents, with connections that are cut at random moments, and with clients that are closed at one.
import { createClient } from '@etcdts/core';
import { assert, startEtcd, startProxy, suite, type FaultProxy } from '@etcdts/testing';
import { blocksOf, compile, documents, runBlock, type Block } from './documents.ts';
import type { Ending } from './program.ts';

const PLACE = 'documents-faults';
/** How often each program is run with cuts, and how often with an abort. */
const RUNS = 2;
/** Pages of many small programs: each is run once. */
const SMALL = /^docs\/(kv|faq|client-options|error-codes)\.md/;
const CUTS = 3;
/** Most programs are done after that, from their first client on. */
const PROGRAM_MS = 120;
/** A document whose blocks are one program, in which calls that are refused are marked with their code. */
const WHOLE = 'docs/namespaces.md';
const REFUSED = /^(?:await )?(.*); \/\/ => [A-Z_]+$/gm;

const test = suite('documents under faults', { timeoutMs: 60_000 });
const all = documents();
const blocks = [
  ...all.filter(({ path }) => path !== WHOLE).flatMap(blocksOf),
  whole(all.filter(({ path }) => path === WHOLE).flatMap(blocksOf)),
].filter(({ runs, code }) => runs && code.includes("'localhost:2379'"));

function whole(parts: readonly Block[]): Block {
  const code = parts.map((part) => part.code.trimStart()).join('');
  // It shows calls and their values as one types them; a test of its own has them right.
  return {
    name: WHOLE,
    code: '// @ts-nocheck\n' + code.replaceAll(REFUSED, 'await (async () => $1)().catch(() => {});'),
    runs: true,
    parts: parts.length,
  };
}

const runsOf = ({ name }: Block): number => (SMALL.test(name) ? 1 : RUNS);

/** Runs before the program: names rejections that nobody handles, and has the signal that closes its clients. */
const PRELOAD = `data:text/javascript,${encodeURIComponent(`
  process.on('unhandledRejection', (reason) => {
    console.error('UNHANDLED', reason);
    process.exit(86);
  });
  let ending;
  Object.defineProperty(globalThis, 'ending', {
    get: () => (ending ??= process.env.ABORT_MS && AbortSignal.timeout(Number(process.env.ABORT_MS))) || undefined,
  });
`)}`;
const ENDING = '(globalThis as unknown as { ending?: AbortSignal }).ending';

let complaints: string;
/** How many programs felt a fault: those that ended with an error, or that connected again. */
const felt = { cut: 0, abort: 0 };

test.before(async () => {
  const closed = blocks.map((block) => ({
    ...block,
    code: block.code.replaceAll('createClient({', `createClient({ signal: ${ENDING},`),
  }));
  complaints = await compile(closed, { place: PLACE, endpoint: "(process.env['ETCD'] as string)", claims: false });
});

/** Cuts the connections of a program, each after some bytes; new ones are served. */
async function cutAgain(proxy: FaultProxy): Promise<void> {
  for (let i = 0; i < CUTS; i++) {
    const direction = Math.random() < 0.5 ? 'toServer' : 'toClient';
    await proxy.cutAfter({ direction, bytes: Math.floor(Math.random() * 500) });
  }
}

async function runOnce(block: Block, fault: 'cut' | 'abort'): Promise<Ending> {
  // One for each run: a program that is stopped leaves anything behind.
  await using etcd = await startEtcd();
  await using proxy = await startProxy(etcd.endpoint);
  if (fault === 'cut') cutAgain(proxy).catch(() => {});
  const ABORT_MS = fault === 'abort' ? String(1 + Math.floor(Math.random() * PROGRAM_MS)) : undefined;
  const ending = await runBlock(block, PLACE, { args: ['--import', PRELOAD], env: { ETCD: proxy.endpoint, ABORT_MS } });
  if (ending.code !== 0 || proxy.accepted > 1) felt[fault]++;
  // Whatever became of it, etcd is as good as before.
  await using client = createClient({ endpoints: etcd.endpoint });
  await client.maintenance.status(etcd.endpoint);
  return ending;
}

test('have code that is correct by its types, with a client that a signal closes', () => {
  assert.is(complaints, '');
  assert.ok(blocks.length > 30, `${blocks.length} programs`);
});

for (const block of blocks) {
  test(`${block.name} ends by itself, well or with an EtcdError, if connections are cut or its client is closed`, async () => {
    const faults = Array.from({ length: runsOf(block) }, () => ['cut', 'abort'] as const).flat();
    const endings = await Promise.all(faults.map((fault) => runOnce(block, fault)));
    for (const [i, { code, output }] of endings.entries()) {
      const what = `${faults[i]}: ${code === null ? 'it hung' : `it ended with ${code}`}\n${output}`;
      assert.not.match(output, /UNHANDLED/, what);
      if (code === 0) continue;
      assert.is(code, 1, what);
      assert.match(output, /^(EtcdError: [A-Z_]+: |(DOMException \[)?TimeoutError)/m, what);
    }
  });
}

test('most of these programs felt what was done to them', () => {
  const runs = blocks.reduce((sum, block) => sum + runsOf(block), 0);
  assert.ok(felt.cut > runs / 3 && felt.abort > runs / 3, `${felt.cut} cuts and ${felt.abort} aborts of ${runs}`);
});

test.run();
