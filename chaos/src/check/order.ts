import type { Answer, Delete, Get, GetAnswer, Operation, Pages, Put, Revision, Txn } from '../history.ts';
import { ALL } from '../keys.ts';
import { sameKvs, shown } from './kvs.ts';
import { keysOf, putsOf } from './requests.ts';
import { Shown } from './shown.ts';
import { isWithin, type Store } from './store.ts';
import { Violations } from './violations.ts';

/**
 * Checker A: everything against etcd's own order. The truth has the state at every revision, so that each answer is compared with the
 * state at the revision of its header, each acknowledged write is found at its revision, and each revision is the doing of one
 * operation. What `'not-applied'` was said of is nowhere.
 */
export function checkOrder(operations: readonly Operation[], pages: readonly Pages[], store: Store): Violations {
  return new OrderCheck(operations, pages, store).run();
}

class OrderCheck {
  readonly #violations = new Violations('A');
  readonly #operations: readonly Operation[];
  readonly #pages: readonly Pages[];
  readonly #store: Store;
  readonly #shown: Shown;
  /** Whose doing a revision is. */
  readonly #doers: Map<number, Operation> = new Map();
  /** Where each value was put; values are unique. */
  readonly #values: Map<string, number> = new Map();

  constructor(operations: readonly Operation[], pages: readonly Pages[], store: Store) {
    this.#operations = operations;
    this.#pages = pages;
    this.#store = store;
    this.#shown = new Shown([...operations, ...pages]);
  }

  run(): Violations {
    this.#indexValues();
    for (const operation of this.#operations) this.#check(operation);
    for (const one of this.#pages) this.#checkPages(one);
    for (const operation of this.#operations) this.#checkFuture(operation);
    this.#attribute();
    return this.#violations;
  }

  #indexValues(): void {
    for (const { revision, events } of this.#store.revisions) {
      for (const { type, kv } of events) {
        if (type !== 'put' || !kv.key.startsWith(ALL)) continue;
        const earlier = this.#values.get(kv.value);
        if (earlier !== undefined && earlier !== revision) {
          this.#violations.add('at most once', `${kv.key}=${kv.value} at ${earlier} and again at ${revision}`, kv.key);
        }
        this.#values.set(kv.value, revision);
      }
    }
  }

  #check(operation: Operation): void {
    const { request, error, revision } = operation;
    this.#violations.look(error === undefined ? 'answers' : `errors ${error.outcome}`);
    if (error !== undefined) return this.#checkFailed(operation);
    if (revision === undefined || request.type === 'compact' || request.type === 'grant') return;
    const before = this.#shown.before(operation.call);
    const stale = request.type === 'get' && request.serializable === true;
    if (!stale && revision < before) {
      this.#report(
        'stale',
        operation,
        `it shows revision ${revision}, though ${before} had been shown before it began`,
      );
    }
    switch (request.type) {
      case 'get':
        return this.#checkGet(operation, request, operation.answer as GetAnswer, request.revision ?? revision);
      case 'put':
      case 'delete':
        return this.#checkWrite(operation, [request], [operation.answer as Answer], revision);
      case 'txn':
        return this.#checkTxn(operation, request, operation.answer as Extract<Answer, { type: 'txn' }>, revision);
      // The revision of a revoke is that of the store when it was answered; a lease without keys has none.
    }
  }

  /** Nothing shows a revision whose operation began after it had ended. */
  #checkFuture(operation: Operation): void {
    const doer = operation.revision === undefined ? undefined : this.#doers.get(operation.revision);
    if (doer === undefined || doer.call <= operation.return) return;
    this.#report('future', operation, `it shows revision ${operation.revision}, whose operation began later`);
  }

  #checkFailed(operation: Operation): void {
    for (const { key, value } of putsOf(operation.request)) {
      const revision = this.#values.get(value);
      if (revision === undefined) continue;
      if (operation.error?.outcome === 'not-applied') {
        this.#report('not-applied', operation, `${key}=${value} is there at revision ${revision}`);
      } else {
        this.#violations.look('unknown, applied');
        this.#claim(operation, revision);
      }
    }
  }

  #checkTxn(
    operation: Operation,
    { compares, success, failure }: Txn,
    { succeeded, answers }: Extract<Answer, { type: 'txn' }>,
    revision: number,
  ): void {
    const branch = succeeded ? success : failure;
    const writes = branch.some(({ type }) => type === 'put');
    const state = writes ? revision - 1 : revision;
    const holds = compares.every(({ key, target, value }) => {
      const kv = this.#store.get(key, state);
      if (target === 'value') return kv?.value === value;
      return (kv?.[target] ?? 0) === value;
    });
    if (holds !== succeeded) this.#report('compare', operation, `it says ${succeeded}, the state at ${state} ${holds}`);
    this.#checkWrite(operation, branch, answers, revision);
  }

  /** Checks the operations of a branch, or one alone, that were carried out at a revision. */
  #checkWrite(
    operation: Operation,
    branch: readonly (Put | Get | Delete)[],
    answers: readonly Answer[],
    revision: number,
  ): void {
    const written: string[] = [];
    for (const [i, one] of branch.entries()) {
      const answer = answers[i] as Answer;
      if (one.type === 'get') this.#checkGet(operation, one, answer as GetAnswer, revision);
      else if (one.type === 'put') written.push(`put ${one.key}=${one.value}${leased(one.lease)}`);
      else {
        const keys = this.#store.range(one, revision - 1).map(({ key }) => key);
        const { deleted } = answer as Extract<Answer, { type: 'delete' }>;
        const none = this.#store.range(one, revision).length === 0;
        if (deleted === 0 ? !none : deleted !== keys.length) {
          this.#report('deleted', operation, `it deleted ${deleted} of ${keys.join(' ')} at ${revision}`);
        }
        if (deleted > 0) written.push(...keys.map((key) => `delete ${key}`));
      }
    }
    if (written.length === 0) return;
    const there = textOf(this.#store.at(revision));
    if (there !== written.sort().join(', ')) {
      this.#report('acknowledged', operation, `at revision ${revision} there is ${there || 'nothing'}`);
    }
    this.#claim(operation, revision);
  }

  #claim(operation: Operation, revision: number): void {
    const other = this.#doers.get(revision);
    if (other !== undefined && other !== operation) {
      this.#report('own revision', operation, `revision ${revision} is that of another operation`);
    }
    this.#doers.set(revision, operation);
    const before = this.#shown.before(operation.call);
    if (revision <= before) {
      this.#report('real time', operation, `revision ${revision} had been shown (${before}) before it began`);
    }
  }

  #checkGet(operation: Operation, get: Get, { kvs, count, more }: GetAnswer, revision: number): void {
    const expected = this.#store.range(get, revision);
    const limited = get.limit === undefined ? expected : expected.slice(0, get.limit);
    if (!sameKvs(kvs, limited)) {
      this.#report('state', operation, `at ${revision} it has ${shown(kvs)}, the state is ${shown(limited)}`);
    }
    if (count !== expected.length || more !== limited.length < expected.length) {
      this.#report('count', operation, `it has count ${count}, more ${more}; there are ${expected.length}`);
    }
  }

  #checkPages(pages: Pages): void {
    this.#violations.look(pages.copied ? 'reads of copies' : 'pages');
    const expected = this.#store.range(pages, pages.revision);
    if (!sameKvs(pages.kvs, expected)) {
      this.#violations.add(
        'pages',
        `at ${pages.revision} they have ${shown(pages.kvs)}, the state is ${shown(expected)}`,
      );
    }
    if (pages.copied) return;
    const before = this.#shown.before(pages.call);
    if (pages.revision < before)
      this.#violations.add('stale', `pages of ${pages.revision}, though ${before} was shown before`);
  }

  /** Each revision is the doing of an operation: one that was acknowledged, one of unknown outcome, or the end of a lease. */
  #attribute(): void {
    const deletes = this.#operations.filter(
      ({ error, request }) => error?.outcome === 'unknown' && (request.type === 'delete' || request.type === 'revoke'),
    );
    for (const { revision, events } of this.#store.revisions) {
      const own = events.filter(({ kv }) => kv.key.startsWith(ALL));
      if (own.length === 0 || this.#doers.has(revision)) continue;
      this.#violations.look('revisions without an answer');
      const [first] = own;
      if (first === undefined) continue;
      if (own.every(({ type, kv }) => type === 'delete' && this.#hadLease(kv.key, revision))) continue;
      const covered = own.every(
        ({ type, kv }) =>
          type === 'delete' && deletes.some(({ request }) => request.type === 'delete' && isWithin(request, kv.key)),
      );
      if (covered) continue;
      // Each attempt of an unfinished process is recorded only when it ends, so that nothing may be left over.
      this.#violations.add(
        'nobody',
        `revision ${revision}, ${textOf({ revision, events: own })}, is nobody's doing`,
        first.kv.key,
      );
    }
  }

  #hadLease(key: string, revision: number): boolean {
    return (this.#store.get(key, revision - 1)?.lease ?? '0') !== '0';
  }

  #report(rule: string, { process, client, call, request }: Operation, text: string): void {
    const key = 'key' in request ? request.key : keysOf(request)[0];
    this.#violations.add(
      rule,
      `process ${process}, client ${client}, at ${call}: ${JSON.stringify(request)}: ${text}`,
      key,
    );
  }
}

function textOf(revision: Revision | undefined): string {
  const events = revision?.events ?? [];
  return events
    .map(({ type, kv }) => (type === 'put' ? `put ${kv.key}=${kv.value}${leased(kv.lease)}` : `delete ${kv.key}`))
    .sort()
    .join(', ');
}

function leased(lease: string | undefined): string {
  return lease === undefined || lease === '0' ? '' : ` under ${lease}`;
}
