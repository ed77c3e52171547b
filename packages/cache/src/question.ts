import type { ResponseHeader } from '@etcdts/core';

/**
 * What revision the store has, answered linearizably. Those who ask while a question is under way share the next one: an answer
 * counts only for those who came before its question was sent.
 */
export class Question {
  readonly #ask: () => Promise<ResponseHeader>;
  #running: Promise<ResponseHeader> | undefined;
  #next: Promise<ResponseHeader> | undefined;

  constructor(ask: () => Promise<ResponseHeader>) {
    this.#ask = ask;
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
    const running = this.#ask();
    this.#running = running;
    const over = (): void => {
      if (this.#running === running) this.#running = undefined;
    };
    running.then(over, over);
    return running;
  }
}
