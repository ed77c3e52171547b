// not about the server
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { assert, suite } from '@etcdts/testing';

type DeadLinks = (site: string) => string[];
const module = new URL('../../website/dead-links.mjs', import.meta.url);
const { deadLinks } = (await import(module.href)) as { deadLinks: DeadLinks };

const test = suite('the links of the site');

function deadLinksOf(files: Record<string, string>): string[] {
  const site = mkdtempSync(join(tmpdir(), 'etcdts-site-'));
  try {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(site, file)), { recursive: true });
      writeFileSync(join(site, file), text);
    }
    return deadLinks(site);
  } finally {
    rmSync(site, { recursive: true });
  }
}

test('a page or picture that is missing is a dead link', () => {
  const found = deadLinksOf({ 'guides/watch.html': '<a href="lease.html">leases</a> <img src="../media/a.svg" />' });
  assert.equal(found, [
    'guides/watch.html links to lease.html, which does not exist',
    'guides/watch.html links to ../media/a.svg, which does not exist',
  ]);
});

test('an anchor that is missing is a dead link, in the same page and in another one', () => {
  const found = deadLinksOf({
    'index.html':
      '<h2 id="install"></h2> <a href="#install"></a> <a href="#use"></a> <a href="guides/watch.html#costs"></a>',
    'guides/watch.html': '<h2 id="resuming"></h2> <a href="../#install"></a> <a href="../index.html#try"></a>',
  });
  assert.equal(found.sort(), [
    'guides/watch.html links to ../index.html#try, which does not exist',
    'index.html links to #use, which does not exist',
    'index.html links to guides/watch.html#costs, which does not exist',
  ]);
});

test('addresses of other sites are left alone', () => {
  assert.equal(
    deadLinksOf({ 'index.html': '<a href="https://etcd.io/none#x"></a> <a href="mailto:a@b.example"></a>' }),
    [],
  );
});

test.run();
