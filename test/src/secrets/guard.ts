// Preloaded into every test file, and by it into the programs that it starts: sees to it that what the client shows, in
// errors, log lines, labels of metrics and descriptions, holds no secret. What it finds goes to the runner. With
// `ETCDTS_TRANSPORT=http2`, it gives each client that would have the default transport that of @etcdts/http2.
import { appendFileSync } from 'node:fs';
import type { Transport } from '@etcdts/core/plugin';
import type { Registry } from 'prom-client';
import { KnownSecrets } from './known-secrets.ts';
import { Shown } from './shown.ts';
import { tapArguments, tapClients, tapParts, tappedLogger, tappedTransport } from './client-taps.ts';
import { tapErrors, tapMethods, tapOutput, tapRegistries, whenLoaded } from './taps.ts';

/** Names the file to which each process adds its findings, as a line of JSON. */
const REPORT = 'ETCDTS_SECRETS_REPORT';

/** The name of the default transport. */
const GRPC = '@grpc/grpc-js';

/** How many errors are kept until they are printed. */
const MOST_MADE = 200;

const secrets = new KnownSecrets();
const shown = new Shown(secrets);
let made: Error[] = [];
let registries: ReadonlySet<Registry> = new Set();

/** The words by which tests mark what is secret where no client is given it, as in a fake in place of etcd. */
secrets.learn('data', 'sentinel-');
for (const word of ['password', 'token', 'secret']) secrets.learn('credential', `sentinel-${word}`);

/** A module of core. The whole of it is not loaded, for many unit tests do without, and without gRPC. */
const partOf = (path: string): Promise<unknown> => import(new URL(path, import.meta.resolve('@etcdts/core')).href);
const { EtcdError } = (await partOf('errors.js')) as { EtcdError: object };
const { methods } = (await partOf('methods.js')) as { methods: object };
const { KVFacade } = (await partOf('kv/kv.js')) as { KVFacade: { prototype: object } };
const { WatcherFacade } = (await partOf('watch/watch.js')) as { WatcherFacade: { prototype: object } };

tapErrors(EtcdError, (error) => {
  // Later, as its fields are set only now, and so that tests of how long something takes are not held up by printing.
  if (made.push(error) === MOST_MADE) queueMicrotask(showMade);
});
tapMethods(methods, secrets);
tapArguments(KVFacade, secrets);
tapArguments(WatcherFacade, secrets);
tapClients((description) => shown.text('descriptions', JSON.stringify(description)));
tapOutput((text) => shown.text('output', text));
whenLoaded('tsyringe', (tsyringe) =>
  tapParts(tsyringe, {
    logger: (logger) => tappedLogger(logger, (line) => shown.text('log lines', line)),
    transport: (transport) => tappedTransport(chosen(transport), secrets),
  }),
);
whenLoaded('prom-client', (promClient) => {
  registries = tapRegistries(promClient, (text) => {
    const labels = text.match(/^[^#\s]+\{.*\}/gm) ?? [];
    shown.text('labels', text, labels.length);
  });
});

/** The transport under test, if a client has the default one. */
function chosen(transport: Transport): Transport {
  const used = http2Transport !== undefined && transport.name === GRPC ? http2Transport() : transport;
  return {
    name: used.name,
    connect(endpoint, options) {
      connections[used.name] = (connections[used.name] ?? 0) + 1;
      return used.connect(endpoint, options);
    },
  };
}

function showMade(): void {
  const errors = made;
  made = [];
  for (const error of errors) shown.error(error);
}

/** How many connections the clients of this process made, by transport. */
const connections: Record<string, number> = {};
// After the taps, which see only what is loaded later.
const http2Transport =
  process.env['ETCDTS_TRANSPORT'] === 'http2' ? (await import('@etcdts/http2')).http2Transport : undefined;

const report = process.env[REPORT];
if (report) {
  // What it starts is held to the same.
  process.env['NODE_OPTIONS'] = `${process.env['NODE_OPTIONS'] ?? ''} --import=${import.meta.url}`.trim();
  const tell = (): void => {
    showMade();
    appendFileSync(report, `${JSON.stringify({ pid: process.pid, ...shown.findings(), connections })}\n`);
  };
  process.on('exit', tell);
  process.once('beforeExit', () => {
    // Reading a registry takes a turn, which there is not at the exit; a file whose tests leave things open has none.
    void Promise.all([...registries].map((registry) => registry.metrics()));
    // After whatever the program itself does at its exit, such as to say how long it took to end.
    process.off('exit', tell).on('exit', tell);
  });
}
