import { open, rename, rm } from 'node:fs/promises';
import type { Snapshot } from './snapshot.ts';

/** Writes a snapshot to a file that is there whole or not at all: the work of `Snapshot.saveTo`. */
export async function saveSnapshot(snapshot: Snapshot, path: string): Promise<void> {
  const part = `${path}.part`;
  // One left by a process that died, or a link: a new file has our mode and our content alone.
  await rm(part, { force: true });
  const file = await open(part, 'wx', 0o600);
  try {
    try {
      for await (const chunk of snapshot) await file.appendFile(chunk);
      await file.appendFile(snapshot.digest as Buffer);
      await file.sync();
      // Another save to this path has taken the name of the part, and the file under it is not whole.
      if ((await file.stat()).nlink === 0) throw new Error(`${part} was removed while it was written`);
    } finally {
      await file.close();
    }
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
