// Which packages are published: those below packages/ that are not private.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../packages/', import.meta.url));

/** The manifest of the package in a folder of packages/. */
export const manifestOf = (name) => JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'));

/** The folders of the published packages. */
export const published = readdirSync(packages)
  .filter((name) => manifestOf(name).private !== true)
  .sort();

/** Those that programs import. The others are only a command. */
export const libraries = published.filter((name) => manifestOf(name).exports['.'] !== undefined);

/** The arguments by which pnpm runs a command in each of them. */
export const publishedFilters = published.flatMap((name) => ['--filter', `@etcdts/${name}`]);
