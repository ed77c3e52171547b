/** A section of the page about the migration. */
export type Section =
  | 'with-a-command'
  | 'what-is-different-throughout'
  | 'the-client'
  | 'keys'
  | 'transactions'
  | 'watches'
  | 'leases'
  | 'locks'
  | 'elections'
  | 'errors';

const PAGE = 'https://github.com/etcdts/etcdts/blob/main/docs/migrating-from-etcd3.md';

/** The comment that is left where a person must decide. */
export function todo(section: Section, text: string): string {
  return `// TODO(etcdts): ${text}. ${PAGE}#${section}`;
}
