import type { ResponseHeader } from '@etcdts/core';

/**
 * What revision the store has, answered linearizably. Calls that come while a question is under way share the next one: an answer
 * counts only for those that came before its question was sent.
 */
export class Question {
  readonly #read: () => Promise<ResponseHeader>;
  #running: Promise<ResponseHeader> | undefined;
  #next: Promise<ResponseHeader> | undefined;

  constructor(read: () => Promise<ResponseHeader>) {
    this.#read = read;
  }

  answer(): Promise<ResponseHeader> {
    if (this.#running === undefined) return this.#start();
    return (this.#next ??= this.#running.then(
      () => this.#start(),
      () => this.#start(),
    ));
  }

  #start(): Promise<ResponseHeader> {
    this.#next = undefined;
    const running = this.#read();
    this.#running = running;
    const over = (): void => {
      if (this.#running === running) this.#running = undefined;
    };
    running.then(over, over);
    return running;
  }
}
