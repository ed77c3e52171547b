/** A member of a {@link CallList}. It is in one list at most, and has the links of that list itself. */
export interface Linked {
  /** The list that it is in. */
  list: object | undefined;
  next: Linked | undefined;
  previous: Linked | undefined;
}

/** Calls in order. A call enters and leaves, from any place, without an allocation. */
export class CallList<T extends Linked> {
  #first: Linked | undefined;
  #last: Linked | undefined;
  #length = 0;

  get first(): T | undefined {
    return this.#first as T | undefined;
  }

  get length(): number {
    return this.#length;
  }

  /** Adds a call, which is in no list, at the end. */
  add(call: T): void {
    call.list = this;
    call.previous = this.#last;
    if (this.#last === undefined) this.#first = call;
    else this.#last.next = call;
    this.#last = call;
    this.#length++;
  }

  /** Adds a call, which is in no list, in front of all others. */
  addFirst(call: T): void {
    call.list = this;
    call.next = this.#first;
    if (this.#first === undefined) this.#last = call;
    else this.#first.previous = call;
    this.#first = call;
    this.#length++;
  }

  /** Removes a call. Returns false if it is not in this list. */
  remove(call: T): boolean {
    if (call.list !== this) return false;
    if (call.previous === undefined) this.#first = call.next;
    else call.previous.next = call.next;
    if (call.next === undefined) this.#last = call.previous;
    else call.next.previous = call.previous;
    call.list = call.next = call.previous = undefined;
    this.#length--;
    return true;
  }
}
