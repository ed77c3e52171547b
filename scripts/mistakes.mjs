// docs/mistakes.md: what users write, the error that they get, its cause and its remedy. Each mistake is run, so that the texts of
// the page are those of the code. Takes an etcd and openssl.
//   node scripts/mistakes.mjs --write   writes the page
//   node scripts/mistakes.mjs           prints the lines of the page that are not what the code gives, and exits 1 if there are any
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import * as authPackage from '@etcdts/auth';
import * as cachePackage from '@etcdts/cache';
import * as concurrency from '@etcdts/concurrency';
import * as core from '@etcdts/core';
import * as plugin from '@etcdts/core/plugin';
import * as embedded from '@etcdts/embedded';
import * as http2Package from '@etcdts/http2';
import * as metricsPackage from '@etcdts/metrics';
import * as namespace from '@etcdts/namespace';
import * as queuePackage from '@etcdts/queue';
import * as retryPackage from '@etcdts/retry';
import * as testing from '@etcdts/testing';
import { sections } from './mistakes-rows.mjs';

const page = fileURLToPath(new URL('../docs/mistakes.md', import.meta.url));
const { Registry } = createRequire(new URL('../packages/metrics/package.json', import.meta.url))('prom-client');
const AsyncFunction = (async () => {}).constructor;
const PASSWORD = 'sentinel-password';

const HEAD = `# Mistakes, and what you read then

Many users of this client have no compiler that checks their calls. Therefore every call checks its arguments, and its error
names the argument and the remedy. \`scripts/mistakes.mjs\` makes this page: it runs each line and copies the error, COUNT in
all. A call that the client refuses sends nothing: its error has \`outcome: 'not-applied'\`, \`attempts: 0\` and the name of the
argument in \`argument\`.

An error shows a wrong value with its type if it is a number or a truth value: \`not "5000" (a string)\`. It never shows a key, a
value, a password or a token, and it shows endpoints without user info and query.

## What the compiler refuses

TypeScript refuses most of these lines before they run. Two options that exclude each other do not compile if both are written
out: two forms of range, and a \`limit\` for a single key.

\`\`\`ts no-run
import { createClient } from '@etcdts/core';

const { kv } = createClient({ endpoints: 'localhost:2379' });
// @ts-expect-error: choose one form of range
await kv.get('jobs/', { prefix: true, rangeEnd: 'k' });
// @ts-expect-error: a limit is for a range
await kv.get('jobs/', { limit: 10 });
\`\`\`

Options that are put together at run time compile. The call checks them:

\`\`\`ts no-run
import { createClient, type GetOptions } from '@etcdts/core';

const { kv } = createClient({ endpoints: 'localhost:2379' });
async function list(key: string, all: boolean, options: GetOptions = {}) {
  const page: GetOptions = { ...options };
  if (all) page.limit = 10;
  await kv.get(key, page);
  await kv.get(key, { limit: 10, ...(all && { prefix: true }) });
  return kv.get(key, { ...options, prefix: true });
}
await list('jobs/', true);
\`\`\`

The declarations reference Node's types. Install \`@types/node\`, which is an optional peer dependency; \`types: []\`, the default
since TypeScript 6, needs no change.

## Destructured methods

\`const { get } = client.kv\` works, and so do \`process.once('SIGTERM', client.close)\` and \`{ ...client.kv, put: refuse }\`: the
methods of \`kv\`, \`watcher\`, \`lease\`, \`cluster\`, \`maintenance\`, of the client and of \`authAdmin(client)\` are bound to their
objects. A copy of a whole client is not a client: \`withNamespace\` and \`authAdmin\` refuse it.
`;

/** The etcds that mistakes are made on, and what ends them. */
async function start() {
  const certificates = await testing.createCertificates();
  const tls = { cert: certificates.server.cert, key: certificates.server.key };
  const [etcd, guarded, secure] = await Promise.all([
    testing.startEtcd(),
    testing.startEtcd(),
    testing.startEtcd({ tls }),
  ]);
  const client = core.createClient({ endpoints: guarded.endpoint });
  const admin = authPackage.authAdmin(client);
  await admin.userAdd('root', PASSWORD);
  await admin.userGrantRole('root', 'root');
  await admin.userAdd('app', PASSWORD);
  await admin.enable();
  await client.close();
  const ca = readFileSync(certificates.ca);
  const close = () => Promise.all([etcd, guarded, secure, certificates].map((one) => one.close()));
  return { close, ca, etcd: etcd.endpoint, guarded: guarded.endpoint, secure: secure.endpoint };
}

/** Runs one mistake; returns the error that it ends with. */
async function run(code, on, servers) {
  const made = [];
  const controller = new AbortController();
  const real = (text) => text.replaceAll('localhost:2379', servers.etcd).replaceAll('secure:2379', servers.secure);
  const createClient = (...given) => {
    const client = core.createClient(...given);
    made.push(client);
    return client;
  };
  const endpoints = on === undefined ? '127.0.0.1:1' : servers[on];
  const as = (username, password) =>
    createClient({ endpoints, interceptors: [authPackage.auth({ username, password })] });
  const client = createClient({ endpoints });
  const scope = {
    ...{ ...core, ...plugin, ...authPackage, ...retryPackage, ...metricsPackage, ...namespace, ...embedded },
    ...{
      ...concurrency,
      ...http2Package,
      ...queuePackage,
      ...cachePackage,
      session: concurrency.renewingSession(client),
    },
    ...{ startEtcd: testing.startEtcd, createClient, as, ca: servers.ca, controller, register: new Registry() },
    client,
  };
  try {
    await new AsyncFunction(...Object.keys(scope), real(code))(...Object.values(scope));
  } catch (error) {
    return error;
  } finally {
    for (const client of made) await client.close();
  }
  throw new Error(`this is no mistake: ${code}`);
}

/** What a user reads of an error, with the endpoints that the page names. */
function textOf(error, servers) {
  const text = core.isEtcdError(error) ? error.message : String(error);
  // Some versions of Node add an advice to OpenSSL's text.
  const plain = text.replace(/; if the root CA is installed locally.*$/, '');
  return plain.replaceAll(servers.etcd, 'localhost:2379').replaceAll(servers.secure, 'secure:2379');
}

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const codeCell = (text) => (text.includes('`') ? `\`\` ${cell(text)} \`\`` : `\`${cell(text)}\``);

/** The page as the code makes it now. */
export async function mistakesPage() {
  const servers = await start();
  try {
    const lines = [];
    let count = 0;
    for (const { title, on, rows } of sections) {
      lines.push('', `## ${title}`, '', '| written | read | cause | remedy |', '| --- | --- | --- | --- |');
      for (const [code, cause, remedy] of rows) {
        const error = await run(code, on, servers);
        // What no server is needed for has sent nothing.
        if (on === undefined && core.isEtcdError(error) && error.code !== 'CLIENT_CLOSED' && error.attempts > 0) {
          throw new Error(`this was sent: ${code}`, { cause: error });
        }
        count++;
        lines.push(`| ${codeCell(code)} | ${codeCell(textOf(error, servers))} | ${cell(cause)} | ${cell(remedy)} |`);
      }
    }
    return `${HEAD.replace('COUNT', count)}${lines.join('\n')}\n`;
  } finally {
    await servers.close();
  }
}

// A mistake may leave a call behind, whose failure nobody waits for.
process.on('unhandledRejection', () => {});

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const made = await mistakesPage();
  if (process.argv.includes('--write')) writeFileSync(page, made);
  const committed = readFileSync(page, 'utf8').split('\n');
  const lines = made.split('\n');
  for (const line of lines.filter((one) => !committed.includes(one))) console.log(`+ ${line}`);
  for (const line of committed.filter((one) => !lines.includes(one))) console.log(`- ${line}`);
  if (made !== committed.join('\n')) {
    console.log('The page differs: node scripts/mistakes.mjs --write writes it.');
    process.exitCode = 1;
  }
}
