import { assert, suite } from '@etcdts/testing';
import { inFlags, readFlags, USAGE } from './flags.ts';
import { nearest } from './nearest.ts';
import { DEFAULTS, resolveOptions, type EmbeddedOptions } from './options.ts';

const test = suite('options and flags');

/** The last of what the flags set, over the defaults. */
const flags = (...args: string[]): EmbeddedOptions | undefined => readFlags(args);

function refusal(act: () => unknown): string {
  try {
    act();
    return 'none';
  } catch (error) {
    assert.ok(error instanceof TypeError);
    return error.message;
  }
}

test('an option that is left out or undefined has its default', () => {
  assert.equal(resolveOptions({}), DEFAULTS);
  assert.equal(resolveOptions({ name: undefined, maxTxnOps: 5 }), { ...DEFAULTS, maxTxnOps: 5 });
});

test('a value that an option cannot have is refused with the option, the value and the remedy', () => {
  const wrong: { readonly [O in keyof EmbeddedOptions]-?: readonly unknown[] } = {
    port: [-1, 65_536, 1.5, NaN, '2379', null],
    host: ['', 1, null],
    allowRemote: ['yes', 1, null],
    socketPath: ['', 5],
    clock: [{}, 5, null, { now() {} }],
    name: ['', 5, null],
    minLeaseTtl: [0, -1, 1.5, NaN, Infinity, '2', 2n],
    progressNotifyIntervalMs: [0, -1, NaN, Infinity, '10m'],
    authTokenTtl: [0, -1, NaN, Infinity, '300'],
    maxTxnOps: [0, -1, 1.5, NaN, Infinity, '128'],
    maxRequestBytes: [0, -1, 1.5, NaN, Infinity, '1MiB'],
    quotaBackendBytes: [1.5, NaN, Infinity, '8GiB', 1n],
    autoCompactionMode: ['', 'hourly', 1, null],
    autoCompactionRetention: [null, true, {}, 5n, Symbol('s')],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values)
      assert.match(
        refusal(() => resolveOptions({ [name]: value })),
        new RegExp(`^startEmbedded: ${name} is .+; it must be `),
      );
  }
  assert.is(
    refusal(() => resolveOptions({ maxTxnOps: '128' as never })),
    'startEmbedded: maxTxnOps is 128; it must be a whole number, at least 1',
  );
  assert.match(
    refusal(() => resolveOptions({ maxTxnOp: 1 } as object)),
    /unknown option maxTxnOp; there are port,/,
  );
});

test('flags are read in each form of etcd, the last one counts', () => {
  const name = (...args: string[]): unknown => flags(...args)?.name;
  assert.equal(
    [name('--name=a'), name('--name', 'a'), name('-name=a'), name('-name', 'a'), name('--name', 'b', '--name=a')],
    Array(5).fill('a'),
  );
  assert.is(name('--name=a=b'), 'a=b');
  assert.is(flags('--quota-backend-bytes', '-1')?.quotaBackendBytes, -1);
  assert.equal(
    [flags('--allow-remote', '--name=a'), flags('--allow-remote=false')].map((read) => read?.allowRemote),
    [true, false],
  );
  assert.is(flags('--watch-progress-notify-interval=1m30s')?.progressNotifyIntervalMs, 90_000);
  assert.is(flags('--experimental-watch-progress-notify-interval', '500ms')?.progressNotifyIntervalMs, 500);
  for (const help of ['--help', '-h', '-help']) assert.is(flags('--name=a', help), undefined);
});

test('the address is a host and a port, a socket or a URL, as whichever comes last', () => {
  const place = (...args: string[]): unknown[] => {
    const { host, port, socketPath } = flags(...args) ?? {};
    return [host, port, socketPath];
  };
  assert.equal(place(), ['127.0.0.1', 2379, undefined]);
  assert.equal(place('--listen', ':0'), [undefined, 0, undefined]);
  assert.equal(place('--listen=[::1]:1'), ['::1', 1, undefined]);
  assert.equal(place('--listen=unix:/tmp/s'), [undefined, undefined, '/tmp/s']);
  assert.equal(place('--listen-client-urls=http://localhost:2379'), ['localhost', 2379, undefined]);
  assert.equal(place('--listen-client-urls=http://[::1]:5/'), ['::1', 5, undefined]);
  assert.equal(place('--listen-client-urls=unix:///tmp/s'), [undefined, undefined, '/tmp/s']);
  assert.equal(place('--listen=unix:/tmp/s', '--listen-client-urls=http://127.0.0.1:5'), ['127.0.0.1', 5, undefined]);
  for (const url of ['https://a:1', 'http://a', 'a:1', 'http://a:1,http://b:1', 'unix://a,unix://b'])
    assert.match(
      refusal(() => flags('--listen-client-urls', url)),
      /^--listen-client-urls is .*; it must be one URL/,
    );
  for (const wrong of ['', 'a', 'a:b', 'a:65536', 'unix:'])
    assert.match(
      refusal(() => flags('--listen', wrong)),
      /^--listen is .+; it must be <host>:<port> or unix:<path>$/,
    );
});

test('wrong flags and values are refused by name, with the nearest flag', () => {
  for (const [args, message] of [
    [['--max-tx-ops=3'], 'unknown flag --max-tx-ops; did you mean --max-txn-ops?'],
    [['--quota'], 'unknown flag --quota; did you mean --quota-backend-bytes?'],
    [['--nonsense'], 'unknown flag --nonsense'],
    [['serve'], 'serve is no flag'],
    [['--'], '-- is no flag'],
    [['---name=a'], '---name=a is no flag'],
    [['--name'], '--name has no value; it must be a text'],
    [['--max-txn-ops', 'many'], '--max-txn-ops is many; it must be a whole number'],
    [['--max-txn-ops='], '--max-txn-ops is empty; it must be a whole number'],
    [['--allow-remote=yes'], '--allow-remote is yes; it must be true or false'],
    [['--watch-progress-notify-interval=10'], /^--watch-progress-notify-interval is 10; it must be a time/],
  ] as const) {
    const said = refusal(() => flags(...args));
    if (typeof message === 'string') assert.is(said, message);
    else assert.match(said, message);
  }
  assert.is(nearest('constructor', ['name']), undefined);
});

test('what startEmbedded refuses is named as a flag', () => {
  const message = refusal(() => resolveOptions({ maxTxnOps: 0 }));
  assert.is(inFlags(message), '--max-txn-ops is 0; it must be a whole number, at least 1');
  assert.is(
    inFlags('startEmbedded: host a is not loopback, and allowRemote is not set'),
    'host a is not loopback, and --allow-remote is not set',
  );
  assert.is(inFlags('listen EADDRINUSE'), 'listen EADDRINUSE');
});

test('the help has every option but the clock, which is a program, and no flag without an option', () => {
  const camel = (flag: string): string => flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  const others: Readonly<Record<string, readonly string[]>> = {
    listen: ['host', 'port', 'socketPath'],
    listenClientUrls: ['host', 'port', 'socketPath'],
    watchProgressNotifyInterval: ['progressNotifyIntervalMs'],
    help: [],
  };
  const listed = [...USAGE.matchAll(/^ {2}--(\S+)/gm)].map(([, flag = '']) => camel(flag));
  const options = new Set(listed.flatMap((name) => others[name] ?? [name]));
  assert.equal([...options, 'clock'].toSorted(), Object.keys(DEFAULTS).toSorted());
});

test.run();
