// The entries of the published packages, which the API reference describes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { published } from '../scripts/published.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));

function entriesOf(name) {
  const folder = join(root, 'packages', name);
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const entries = Object.entries(exports).filter(([, { types }]) => types !== undefined);
  return entries.map(([path, { types }]) => ({
    name: `@etcdts/${name}${path.slice(1)}`,
    source: join(folder, types.replace('/dist/', '/src/').replace(/\.d\.ts$/, '.ts')),
    readme: path === '.' ? join(folder, 'README.md') : undefined,
  }));
}

/** Each as `{ name, source, readme }`: what an import says, and paths; only the first entry of a package has a README. */
export const entries = published.flatMap(entriesOf);
