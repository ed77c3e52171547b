import type { FaultKind } from '../faults/nemesis.ts';

/** A known bug, as a change of one built file. No file that is published has a switch for it. */
export interface Mutant {
  readonly name: string;
  /** What the client does wrong with it. */
  readonly bug: string;
  /** The end of the path of the built file. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Faults that bring the bug out sooner: they come more often. */
  readonly favour?: readonly FaultKind[];
  /** The transport that it is about. */
  readonly transport?: 'grpc' | 'http2';
}

const core = (path: string): string => `packages/core/dist/${path}`;

/** No bug, planted like the others: what is found with it is not the doing of a bug. */
export const CONTROL: Mutant = {
  name: 'none',
  bug: 'nothing',
  file: core('errors.js'),
  find: 'class EtcdError extends Error',
  replace: 'class EtcdError extends Error',
};

/** The bugs that clients of etcd have had, or could have, each of which the checkers must find. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'resume-at-last',
    bug: 'a watch resumes at the last revision that it has delivered, not after it',
    file: core('watch/position.js'),
    find: 'this.next = after(last);',
    replace: 'this.next = last;',
  },
  {
    name: 'resume-from-now',
    bug: 'a watch resumes without a revision',
    file: core('watch/subscription.js'),
    find: 'return this.#position.next;',
    replace: 'return this.header === undefined ? this.#position.next : 0n;',
  },
  {
    name: 'resume-at-header',
    bug: 'a watch takes the header of a later creation for its position',
    file: core('watch/subscription.js'),
    find: 'const reset = otherCluster(first, header);',
    replace: 'this.#position.skip(header.revision); const reset = otherCluster(first, header);',
  },
  {
    name: 'parked-too-far',
    bug: 'a watch that was parked for its slow reader leaves out what came first meanwhile',
    file: core('watch/subscription.js'),
    find: "this.state = 'parked';",
    replace: "this.state = 'parked'; this.#position.next += 3n;",
  },
  {
    name: 'compaction-ignored',
    bug: 'a watch that etcd ends for a compaction goes on from a later revision',
    file: core('watch/stream.js'),
    find: 'else if (message.canceled || message.compactRevision > 0n) {',
    replace: 'else if (message.canceled && message.compactRevision === 0n) {',
  },
  {
    name: 'filters-ignored',
    bug: 'a watch has no filters',
    file: core('watch/watch.js'),
    find: 'request.filters = [...filters];',
    replace: 'request.filters = [];',
  },
  {
    name: 'creations-mistaken',
    bug: 'an event says that it made the key if it is the second version',
    file: core('codec/watch-event.js'),
    find: 'const created = kv.createRevision === kv.modRevision;',
    replace: 'const created = kv.version === 2n;',
  },
  {
    name: 'previous-lost',
    bug: 'a namespace leaves out the previous value of an event',
    file: 'packages/namespace/dist/watch.js',
    find: 'prevKv: prevKv && scope.out(prevKv, WATCH)',
    replace: 'prevKv: undefined',
  },
  {
    name: 'namespace-unscoped',
    bug: 'events of a namespace keep its prefix',
    file: 'packages/namespace/dist/watch.js',
    find: 'kv: scope.out(kv, WATCH), prevKv:',
    replace: 'kv, prevKv:',
  },
  {
    name: 'copy-with-a-gap',
    bug: 'a copy watches from two revisions after its base',
    file: 'packages/cache/dist/following.js',
    find: 'startRevision: revision + 1n,',
    replace: 'startRevision: revision + 2n,',
    favour: ['killLeader'],
  },
  {
    name: 'sent-again',
    bug: 'a request that may have been processed is sent again when its connection is lost',
    file: core('wire/unary-call.js'),
    find: "if (status.reach !== 'sent' && this.#inVain < RESENDS) {",
    replace: 'if (this.#inVain < RESENDS) {',
  },
  {
    name: 'retried-writes',
    bug: 'retry repeats a put of unknown outcome',
    file: 'packages/retry/dist/safety.js',
    find: "return call.method.repeat === 'always' || drawOf(call) !== undefined;",
    replace: 'return true;',
  },
  {
    name: 'retried-transactions',
    bug: 'retry repeats a transaction of unknown outcome',
    file: 'packages/retry/dist/safety.js',
    find: 'return onlyGets(call.request);',
    replace: 'return true;',
  },
  {
    name: 'phantoms',
    bug: 'a write that failed is said not to have been applied',
    file: core('wire/call-errors.js'),
    find: "outcome: method.safety === 'read' || status.reach !== 'sent' ? 'not-applied' : outcome,",
    replace: "outcome: 'not-applied',",
  },
  {
    name: 'deadline-denies',
    bug: 'a write whose deadline passed is said not to have been applied',
    file: core('wire/call-errors.js'),
    find: "outcome: sent === true && method.safety === 'write' ? 'unknown' : 'not-applied',",
    replace: "outcome: 'not-applied',",
    favour: ['pause', 'blackhole', 'oneWay'],
  },
  {
    name: 'all-unsent',
    bug: 'a lost connection over HTTP/2 says of its calls that they had not left',
    file: 'packages/http2/dist/calls.js',
    find: "call.abort(unavailable(details, 'sent'), now);",
    replace: "call.abort(unavailable(details, 'unsent'), now);",
    transport: 'http2',
  },
  {
    name: 'goaway-refuses-all',
    bug: 'GOAWAY over HTTP/2 refuses the calls that the peer has accepted, too',
    file: 'packages/http2/dist/calls.js',
    find: 'if (call.id <= last)',
    replace: 'if (call.id < 0)',
    favour: ['restartAll'],
    transport: 'http2',
  },
  {
    name: 'stale-reads',
    bug: 'every read is answered by one member alone',
    file: core('kv/op.js'),
    find: '            serializable,',
    replace: '            serializable: true,',
  },
  {
    name: 'pages-of-now',
    bug: 'each page is of the revision of its time',
    file: core('kv/page-reader.js'),
    find: 'key: this.#next, revision: this.#revision, limit };',
    replace: 'key: this.#next, revision: 0n, limit };',
  },
  {
    name: 'no-conditions',
    bug: 'a transaction has no conditions',
    file: core('kv/op.js'),
    find: "compare: list(input.if, 'if'),",
    replace: 'compare: [],',
  },
  {
    name: 'one-deleted',
    bug: 'a range is deleted as one key',
    file: core('kv/op.js'),
    find: "type: 'delete', request: { key: range.key, rangeEnd: range.rangeEnd,",
    replace: "type: 'delete', request: { key: range.key,",
  },
  {
    name: 'lease-dropped',
    bug: 'a put has no lease',
    file: core('kv/op.js'),
    find: 'value: bytes, lease: leaseId,',
    replace: 'value: bytes, lease: undefined,',
  },
  {
    name: 'lost-too-late',
    bug: 'a lease counts as lost after twice its time to live',
    file: core('lease/kept-lease.js'),
    find: 'this.deadline = sentAt + ttlMs;',
    replace: 'this.deadline = sentAt + 2 * ttlMs;',
    favour: ['blackhole', 'stop', 'block'],
  },
  {
    name: 'signal-by-timer',
    bug: 'the signal of a lease depends on a timer alone, and is late after a pause of the process',
    file: core('lease/kept-lease.js'),
    find: 'checkedSignal({ check: () => void this.expire() });',
    replace: 'checkedSignal({});',
    favour: ['stop', 'block'],
  },
  {
    name: 'lock-jumps-the-line',
    bug: 'a lock does not wait for those before it',
    file: 'packages/concurrency/dist/turn.js',
    find: 'if (predecessor === undefined)',
    replace: 'if (revision > 0n)',
  },
  {
    name: 'lock-outlives-session',
    bug: 'the signal of a lock does not follow its session',
    file: 'packages/concurrency/dist/tenure.js',
    find: 'checkedSignal({ from: [state.signal] });',
    replace: 'checkedSignal({});',
    favour: ['stop', 'block', 'blackhole'],
  },
];

export function mutantNamed(name: string): Mutant {
  const found = [CONTROL, ...MUTANTS].find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new TypeError(`--mutant must be one of ${MUTANTS.map((one) => one.name).join(', ')}, not ${name}`);
}
