import { type FileHandle, open, rename, rm } from 'node:fs/promises';

/**
 * Writes a snapshot to a file that is there whole or not at all: the work of `Snapshot.saveTo`. `digest` is called after
 * the last chunk.
 */
export async function saveSnapshot(chunks: AsyncIterable<Buffer>, digest: () => Buffer, path: string): Promise<void> {
  const part = `${path}.part`;
  // One left by a process that died, or a link: a new file has our mode and our content alone.
  await rm(part, { force: true });
  const file = await open(part, 'wx', 0o600);
  try {
    for await (const chunk of chunks) await file.appendFile(chunk);
    await file.appendFile(digest());
    await file.sync();
    if (!(await hasName(file)))
      throw new Error(`${part} was removed while it was written: by another save to ${path}?`);
    await rename(part, path);
  } catch (error) {
    if (await hasName(file)) await rm(part, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Whether the part is still ours: another save to the same path takes its name, and what it names is not whole. */
async function hasName(file: FileHandle): Promise<boolean> {
  return (await file.stat()).nlink > 0;
}
