// The guides of the site, in their order. A file of docs/ that is missing here fails the build.
export const pages = {
  'First steps': ['docs/testing-your-code.md', 'docs/migrating-from-etcd3.md', 'docs/runtimes-and-bundlers.md'],
  'Using etcd': [
    'docs/large-ranges.md',
    'docs/watch.md',
    'docs/leases.md',
    'docs/locks-and-elections.md',
    'docs/queues.md',
    'docs/copies.md',
    'docs/namespaces.md',
    'docs/auth.md',
  ],
  'When things fail': ['docs/errors.md', 'docs/retry-and-outcomes.md', 'docs/mistakes.md', 'docs/diagnostics.md'],
  'Going further': ['docs/performance.md', 'bench/RESULTS.md', 'docs/interceptors.md'],
  'The project': [
    'docs/versioning.md',
    'CHANGELOG.md',
    'SECURITY.md',
    'docs/architecture.md',
    'CONTRIBUTING.md',
    'docs/releasing.md',
    'CODE_OF_CONDUCT.md',
  ],
};
