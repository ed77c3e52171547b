import { EtcdError } from './errors.ts';

/** The failure that ends an iteration. `reason` may be anything, for example the reason of an aborted signal. */
export interface Failure {
  readonly reason: unknown;
}

/** Receives one result: the two functions of the promise that `next` returns. */
export interface Reader<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(reason: unknown): void;
}

/** Settles the promise of a read. It takes a rejected promise for a failure, so that nobody has to keep a second function. */
type Settle<T> = (result: IteratorResult<T, undefined> | Promise<never>) => void;

/** The source of an iteration. */
export interface Pulled<T> {
  next(): Promise<IteratorResult<T, undefined>>;
  /** Called when the reader leaves. */
  return(): Promise<IteratorResult<T, undefined>>;
}

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true };
const WELL: unique symbol = Symbol('ended without a failure');

/** The items that wait for a reader, with their sizes, from `head` on. If several readers wait, those after the first. */
interface Backlog<T> {
  readonly items: (T | undefined)[];
  readonly sizes: number[];
  readonly readers: (Reader<T> | Settle<T>)[];
  head: number;
}

/**
 * What lies between a source that pushes and a reader that pulls: items in order, then the end or one failure. A reader that
 * waits gets an item directly. Nothing is allocated before it is needed, because a thousand idle watches have a thousand inboxes.
 */
export class Inbox<T> {
  /** The total size of the items that are not read yet. */
  bytes = 0;
  #meter: { bytes: number } | undefined;
  #backlog: Backlog<T> | undefined;
  /** The reader that waits for the next item. */
  #waiting: Reader<T> | Settle<T> | undefined;
  /** `undefined` while the inbox is open. A failure is dropped when it is read. */
  #end: Failure | typeof WELL | undefined;
  #claimed = false;

  /** `meter` counts the bytes of several inboxes while they are open. */
  constructor(meter?: { bytes: number }) {
    this.#meter = meter;
  }

  get length(): number {
    return this.#backlog === undefined ? 0 : this.#backlog.items.length - this.#backlog.head;
  }

  /** Whether a reader waits. */
  get wanted(): boolean {
    return this.#waiting !== undefined;
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** Notes that there is a reader. Throws the error of `refusal` if there was one already. */
  claim(refusal: () => unknown): void {
    if (this.#claimed) throw refusal();
    this.#claimed = true;
  }

  push(item: T, size = 0): void {
    if (this.#end !== undefined) return;
    const reader = this.#waiting;
    if (reader !== undefined) {
      this.#waiting = this.#backlog?.readers.shift();
      if (typeof reader === 'function') reader({ value: item, done: false });
      else reader.resolve({ value: item, done: false });
      return;
    }
    const { items, sizes } = (this.#backlog ??= emptyBacklog());
    items.push(item);
    sizes.push(size);
    this.#count(size);
  }

  /** Gives the reader an item, the failure or the end, at once or when there is one. */
  read(reader: Reader<T>): void {
    if (!this.#serve(reader)) this.#wait(reader);
  }

  /** Like `read`, with a promise. */
  next(): Promise<IteratorResult<T, undefined>> {
    if (this.length > 0) return Promise.resolve({ value: this.take(), done: false });
    return new Promise((settle) => {
      if (!this.#serve(settle)) this.#wait(settle);
    });
  }

  /** Removes and returns the oldest item. There must be one. */
  take(): T {
    const backlog = this.#backlog as Backlog<T>;
    const { items, sizes, head } = backlog;
    const item = items[head] as T;
    // Not -size: of 0 that is -0, which is no small integer and lies on the heap.
    this.#count(0 - (sizes[head] as number));
    // An item may pin the message that it came in. It is released at once, although its place in the array is cut off later.
    items[head] = undefined;
    backlog.head += 1;
    if (backlog.head === items.length || backlog.head >= 1024) {
      items.splice(0, backlog.head);
      sizes.splice(0, backlog.head);
      backlog.head = 0;
    }
    return item;
  }

  /** Closes the inbox: the reader gets the items that are here, then the failure once, then the end. */
  finish(failure?: Failure): void {
    if (this.#end !== undefined) return;
    this.#end = failure ?? WELL;
    if (this.#meter !== undefined) this.#meter.bytes -= this.bytes;
    this.#meter = undefined;
    const readers = this.#waiting === undefined ? [] : [this.#waiting, ...(this.#backlog?.readers.splice(0) ?? [])];
    this.#waiting = undefined;
    for (const reader of readers) this.#serve(reader);
  }

  /** Like `finish`, but drops the items that are here. It replaces an earlier end that no reader has got. */
  stop(failure?: Failure): void {
    // Where a reader waits there are no items.
    if (this.#waiting === undefined) this.#backlog = undefined;
    this.#count(0 - this.bytes);
    if (this.#end === undefined) this.finish(failure);
    else this.#end = failure ?? WELL;
  }

  /** Gives a reader what there is. Returns whether there was anything. */
  #serve(reader: Reader<T> | Settle<T>): boolean {
    const end = this.#end;
    const settle = typeof reader === 'function';
    if (this.length > 0) {
      const result: IteratorResult<T, undefined> = { value: this.take(), done: false };
      if (settle) reader(result);
      else reader.resolve(result);
    } else if (end === undefined) {
      return false;
    } else if (end === WELL) {
      if (settle) reader(DONE);
      else reader.resolve(DONE);
    } else {
      this.#end = WELL;
      if (settle) reader(Promise.reject(end.reason));
      else reader.reject(end.reason);
    }
    return true;
  }

  #wait(reader: Reader<T> | Settle<T>): void {
    if (this.#waiting === undefined) this.#waiting = reader;
    else (this.#backlog ??= emptyBacklog()).readers.push(reader);
  }

  #count(bytes: number): void {
    this.bytes += bytes;
    if (this.#meter !== undefined) this.#meter.bytes += bytes;
  }
}

function emptyBacklog<T>(): Backlog<T> {
  return { items: [], sizes: [], readers: [], head: 0 };
}

/** The one iteration of a source. It is an object of its own, because it may be iterated again and the source may not. */
export class Iteration<T> implements AsyncIterableIterator<T, undefined> {
  readonly #source: Pulled<T>;

  constructor(source: Pulled<T>) {
    this.#source = source;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return this.#source.next();
  }

  return(): Promise<IteratorResult<T, undefined>> {
    return this.#source.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** The error for a second reader of what has one reader. `remedy` is the advice for two readers. */
export function secondReader(what: string, remedy: string, method?: string): EtcdError {
  return new EtcdError({
    code: 'FAILED_PRECONDITION',
    message: `${what} is read once, and this one has its reader: ${remedy}`,
    outcome: 'not-applied',
    method,
  });
}
