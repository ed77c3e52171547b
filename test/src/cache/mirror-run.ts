import { mirror, type MirrorOptions, type MirrorProgress } from '@etcdts/cache';
import type { EtcdOperations, KeyValue } from '@etcdts/core';

/** A mirror that runs, its last progress, and how it ended. */
export class MirrorRun implements AsyncDisposable {
  last: MirrorProgress | undefined;
  readonly phases: string[] = [];
  readonly #stopping = new AbortController();
  /** What the mirror has thrown. */
  readonly ended: Promise<unknown>;

  constructor(source: EtcdOperations, target: EtcdOperations, options: MirrorOptions) {
    const onProgress = (progress: MirrorProgress): void => {
      if (progress.phase !== this.phases.at(-1)) this.phases.push(progress.phase);
      this.last = progress;
    };
    this.ended = mirror(source, target, { ...options, onProgress, signal: this.#stopping.signal }).catch(
      (error: unknown) => error,
    );
  }

  /** Whether the target has everything up to a revision of the source. */
  has(revision: bigint): boolean {
    return this.last !== undefined && this.last.phase === 'changes' && this.last.revision >= revision;
  }

  /** Ends it, and returns what it has thrown. */
  async stop(): Promise<unknown> {
    this.#stopping.abort(new Error('stopped'));
    return await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** The keys below a prefix without it, and their values. */
export async function contentOf({ kv }: EtcdOperations, prefix: string): Promise<Map<string, KeyValue>> {
  const content = new Map<string, KeyValue>();
  for await (const { kvs } of kv.pages(prefix, { prefix: true, pageSize: 5_000 }))
    for (const one of kvs) content.set(one.key.toString().slice(prefix.length), one);
  return content;
}

/** A range as text: `name=value`, in order. */
export async function shown(client: EtcdOperations, prefix: string): Promise<string> {
  const content = await contentOf(client, prefix);
  return [...content].map(([name, one]) => `${name}=${one.text()}`).join(' ');
}
