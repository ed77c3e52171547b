// Markdown of the repository that is no page of the site. Its links lead to files that exist.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { absoluteLinks } from '../scripts/repository.mjs';

const FOLDERS = ['.github', 'docs/spec', 'packages/framing', 'packages/proto'];
const BUILT = /(^|[\\/])(node_modules|dist)[\\/]/;

/** Returns a line for each of these documents with a link that leads nowhere. */
export function deadLinksOfOthers(root) {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .filter((file) => file.endsWith('.md') && !BUILT.test(file))
      .map((file) => join(folder, file).replaceAll(sep, '/')),
  );
  return files.flatMap((file) => {
    try {
      absoluteLinks(readFileSync(join(root, file), 'utf8'), dirname(file), 'main');
      return [];
    } catch (error) {
      return [`${file}: ${error.message}`];
    }
  });
}
