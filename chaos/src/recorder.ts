import { createWriteStream, type WriteStream } from 'node:fs';

/** Lines that are written at once. */
const BATCH = 200;

/** Writes a file of the history, one JSON value a line. */
export class Recorder<Line> {
  readonly #stream: WriteStream;
  #batch: string[] = [];

  constructor(path: string) {
    this.#stream = createWriteStream(path);
  }

  write(line: Line): void {
    if (this.#batch.push(JSON.stringify(line)) >= BATCH) this.#flush();
  }

  /** Resolves when all is in the file. */
  close(): Promise<void> {
    this.#flush();
    return new Promise((resolve) => this.#stream.once('close', resolve).end());
  }

  #flush(): void {
    if (this.#batch.length === 0) return;
    this.#stream.write(`${this.#batch.join('\n')}\n`);
    this.#batch = [];
  }
}
