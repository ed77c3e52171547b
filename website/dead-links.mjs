// Links between the pages that were built: each file exists, and so does each anchor.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const all = (text, expression) => Array.from(text.matchAll(expression), ([, found]) => found.replaceAll('&amp;', '&'));

/** Returns a line for each link of a site that leads nowhere. */
export function deadLinks(site) {
  const files = readdirSync(site, { recursive: true }).map((file) => file.replaceAll('\\', '/'));
  const texts = new Map(
    files.filter((file) => file.endsWith('.html')).map((file) => [file, readFileSync(join(site, file), 'utf8')]),
  );
  const anchors = new Map(Array.from(texts, ([file, text]) => [file, new Set(all(text, / id="([^"]*)"/g))]));
  const isDead = (link, from) => {
    const { protocol, pathname, hash } = new URL(link, `site:/${from}`);
    if (protocol !== 'site:') return false;
    const file = decodeURI(pathname)
      .slice(1)
      .replace(/^$|\/$/, '$&index.html');
    if (!files.includes(file)) return true;
    return hash.length > 1 && anchors.has(file) && !anchors.get(file).has(decodeURIComponent(hash.slice(1)));
  };
  return Array.from(texts, ([file, text]) =>
    all(text, / (?:href|src)="([^"]*)"/g)
      .filter((link) => isDead(link, file))
      .map((link) => `${file} links to ${link}, which does not exist`),
  ).flat();
}
