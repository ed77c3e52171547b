// What a published package says of this repository. The repository is named in one place, `repository` of package.json, and a
// package gets the rest when it is packed.
import { readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { author, repository } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

/** The address of the repository, without a slash at the end. */
export { repository };

/** A manifest with the author and the addresses that belong to the package in a folder such as `packages/core`. */
export function withRepository({ name, version, description, keywords, license, ...rest }, folder) {
  return {
    ...{ name, version, description, keywords, license, author },
    homepage: `${repository}/tree/main/${folder}#readme`,
    bugs: { url: `${repository}/issues` },
    repository: { type: 'git', url: `git+${repository}.git`, directory: folder },
    ...rest,
  };
}

/** A fenced block, an inline code, or the target of a link or an image: `](docs/a.md)`, `[a]: docs/a.md`. */
const PARTS =
  /^(```+)[^]*?^\1|(?<ticks>`+)[^]*?\k<ticks>|(?<image>!?)(?<open>\[[^\]]*\]\()(?<inline>[^)\s]+)|^(?<define>\[[^\]]+\]:\s+)(?<target>\S+)/gm;

/**
 * The Markdown of a file of `folder`, with each relative link as an address of the repository at `ref`, a tag or a branch. A link to
 * a file that does not exist is an error.
 */
export function absoluteLinks(markdown, folder, ref) {
  return markdown.replace(PARTS, (whole, ...rest) => {
    const { image, open, inline, define, target } = rest.at(-1);
    const link = inline ?? target;
    if (link === undefined || /^(#|\/\/|[a-z][a-z+.-]*:)/i.test(link)) return whole;
    const [path, anchor] = link.split('#');
    const place = posix.normalize(posix.join(folder, path));
    const found = place.startsWith('../') ? undefined : statSync(root + place, { throwIfNoEntry: false });
    if (found === undefined) throw new Error(`${folder} links to ${link}, and there is no ${place} in the repository`);
    const kind = found.isDirectory() ? 'tree' : image ? 'raw' : 'blob';
    const address = `${repository}/${kind}/${ref}/${place}${anchor === undefined ? '' : `#${anchor}`}`;
    return `${image ?? ''}${open ?? define}${address}`;
  });
}
