import { isAtLeast, type EtcdServer } from '@etcdts/testing';

/**
 * Skips a test that lives by bookmarks where those of the server do not count, as they may come before the events that they stand for.
 * Such servers have tests of their own (CC-05).
 */
export function needBookmarks({ version }: EtcdServer, skip: (reason: string) => never): void {
  const right = isAtLeast(version, '3.5') ? isAtLeast(version, '3.5.8') : isAtLeast(version, '3.4.25');
  if (!right) skip(`requested bookmarks of etcd ${version} may overtake events, so that they do not count`);
}
