/** How many setbacks in a row a watch survives. */
const MOST = 3;
/** How many of one kind it survives if another member may serve it. */
const MOST_ELSEWHERE = 10;

/** Counts the setbacks of one watch in a row. */
export class Setbacks {
  #refusals = 0;
  #exhaustions = 0;
  #unfits = 0;

  /** Called when etcd has refused the token of its stream. Returns whether the watch may go on. */
  refused(): boolean {
    return ++this.#refusals <= MOST;
  }

  /** Called when a response on its stream was too large for this client. Returns whether the watch may go on. */
  exhausted(): boolean {
    return ++this.#exhaustions <= MOST;
  }

  /** Called when a member that refuses every watch has refused it. Returns whether it may go on; `pinned`: only to that member. */
  unfit(pinned: boolean): boolean {
    return ++this.#unfits <= (pinned ? MOST : MOST_ELSEWHERE);
  }

  /** Called when etcd has registered the watch, so that the token and the member are good. */
  established(): void {
    this.#refusals = this.#unfits = 0;
  }

  /** Called when the watch has received a response. */
  advanced(): void {
    this.#exhaustions = 0;
  }
}
