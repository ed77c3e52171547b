import type { FileHandle } from 'node:fs/promises';
import { fs } from '../late-modules.ts';

/**
 * Writes a snapshot to a file that is either complete or absent, for `Snapshot.saveTo`. `digest` is called after the last chunk.
 */
export async function saveSnapshot(chunks: AsyncIterable<Buffer>, digest: () => Buffer, path: string): Promise<void> {
  const part = `${path}.part`;
  // There may be a part of a process that died, or a link. A new file has only our mode and our content.
  await fs().rm(part, { force: true });
  const file = await fs().open(part, 'wx', 0o600);
  try {
    for await (const chunk of chunks) await file.appendFile(chunk);
    await file.appendFile(digest());
    await file.sync();
    if (!(await hasName(file)))
      throw new Error(`${part} was removed while it was written: by another save to ${path}?`);
    await fs().rename(part, path);
  } catch (error) {
    if (await hasName(file)) await fs().rm(part, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Whether the name still belongs to our part. Another save to the same path takes the name for a part that is not complete. */
async function hasName(file: FileHandle): Promise<boolean> {
  return (await file.stat()).nlink > 0;
}
