/** How many in a row a watch survives. */
const MOST = 3;

/** What went wrong on one watch, in a row, each time after its stream had been opened again. */
export class Setbacks {
  #refusals = 0;
  #exhaustions = 0;

  /** etcd has refused the token of its stream; whether the watch may go on. */
  refused(): boolean {
    return ++this.#refusals <= MOST;
  }

  /** A response on its stream was too large for this client; whether the watch may go on. */
  exhausted(): boolean {
    return ++this.#exhaustions <= MOST;
  }

  /** etcd has registered it, so its token is good. */
  established(): void {
    this.#refusals = 0;
  }

  /** It has received something. */
  advanced(): void {
    this.#exhaustions = 0;
  }
}
