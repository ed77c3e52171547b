/** How many in a row a watch survives. */
const MOST = 3;
/** How many of one kind, if another member may serve it. */
const MOST_ELSEWHERE = 10;

/** What went wrong on one watch, in a row, each time after its stream had been opened again. */
export class Setbacks {
  #refusals = 0;
  #exhaustions = 0;
  #unfits = 0;

  /** etcd has refused the token of its stream; whether the watch may go on. */
  refused(): boolean {
    return ++this.#refusals <= MOST;
  }

  /** A response on its stream was too large for this client; whether the watch may go on. */
  exhausted(): boolean {
    return ++this.#exhaustions <= MOST;
  }

  /** A member has refused it, as it refuses every watch; whether the watch may go on. `pinned`: to that member. */
  unfit(pinned: boolean): boolean {
    return ++this.#unfits <= (pinned ? MOST : MOST_ELSEWHERE);
  }

  /** etcd has registered it, so its token is good, and so is the member. */
  established(): void {
    this.#refusals = this.#unfits = 0;
  }

  /** It has received something. */
  advanced(): void {
    this.#exhaustions = 0;
  }
}
