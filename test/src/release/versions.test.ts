// not about the server
import { assert, suite } from '@etcdts/testing';
import { script, type Versions } from './scripts.ts';

const { distTag, readVersions, sectionOf, versionFaults, withVersion } = await script('versions');
const { composeSection, inProse, insertSection, readChange } = await script('release-prepare');

const test = suite('versions and changelog');

const good: Versions = {
  manifests: [
    { name: '@etcdts/a', version: '1.2.0' },
    { name: '@etcdts/b', version: '1.2.0' },
  ],
  workspace:
    "packages: []\nversioning:\n  fixed:\n    - - '@etcdts/a'\n      - '@etcdts/b'\n  ignore:\n    - 'x'\n  changelog:\n    storage: x\n",
  others: ['x'],
  sources: { 'packages/a/src/version.ts': "export const VERSION = '1.2.0';\n" },
  changelog: '# Changelog\n\n## 1.2.0, 2026-01-02\n\n- a\n\n## 1.1.0, 2026-01-01\n\n- b\n',
};

test('all packages of the repository have one version, which the changelog has', () => {
  assert.equal(versionFaults(readVersions()), []);
});

test('a package of another version, or outside the group, is reported', () => {
  assert.equal(versionFaults(good), []);
  const manifests = [...good.manifests, { name: '@etcdts/c', version: '1.1.0' }];
  assert.equal(versionFaults({ ...good, manifests }), [
    '@etcdts/c is not in versioning.fixed of pnpm-workspace.yaml',
    'the packages have different versions: @etcdts/a 1.2.0, @etcdts/b 1.2.0, @etcdts/c 1.1.0',
  ]);
});

test('a source that names another version is reported, and is given the new one', () => {
  assert.equal(Object.keys(readVersions().sources), [
    'packages/core/src/copies.ts',
    'packages/http2/src/version.ts',
    'packages/metrics/src/copies.ts',
    'packages/metrics/src/instruments.ts',
  ]);
  const old = "export const VERSION = '1.1.0'; Symbol.for('@etcdts/a 1.1.0 b'); const other = '1.1.0';";
  assert.equal(versionFaults({ ...good, sources: { 'a.ts': old } }), ['a.ts names another version than 1.2.0']);
  const now = "export const VERSION = '1.2.0'; Symbol.for('@etcdts/a 1.2.0 b'); const other = '1.1.0';";
  assert.is(withVersion(old, '1.2.0'), now);
  assert.equal(versionFaults({ ...good, sources: { 'a.ts': now } }), []);
});

test('documents that name the version before get the new one', () => {
  const text = (version: string, short: string): string =>
    `"^${version}" and "${version}"; Version ${short}. Status: ${short}. The 10.1.0 of another.`;
  assert.is(inProse(text('0.1.0', '0.1'), '0.1.0', '0.2.0'), text('0.2.0', '0.2'));
});

test('a package that is not published must keep its version', () => {
  assert.equal(versionFaults({ ...good, others: ['x', 'y'] }), [
    'y is not published, and not in versioning.ignore of pnpm-workspace.yaml',
  ]);
});

test('a version without a section in the changelog is reported', () => {
  const changelog = good.changelog.replace('## 1.2.0', '## 1.2.0-beta.1');
  assert.match(versionFaults({ ...good, changelog }).join(), /^CHANGELOG\.md has no section for 1\.2\.0\. /);
});

test('a release needs a tag of its version, and a section with a date', () => {
  assert.equal(versionFaults(good, 'v1.2.0'), []);
  assert.equal(versionFaults(good, 'v1.3.0'), ['the tag is v1.3.0, and the version of the packages is 1.2.0']);
  const changelog = good.changelog.replace('2026-01-02', 'unreleased');
  assert.equal(versionFaults({ ...good, changelog }), []);
  assert.match(versionFaults({ ...good, changelog }, 'v1.2.0').join(), /^CHANGELOG\.md calls 1\.2\.0 unreleased/);
});

test('the section of a version ends where the next begins', () => {
  assert.is(sectionOf(good.changelog, '1.2.0'), '- a');
  assert.is(sectionOf(good.changelog, '1.1.0'), '- b');
  assert.is(sectionOf(good.changelog, '1.2'), undefined);
});

test('a version before another is published under the tag that it names', () => {
  assert.is(distTag('1.2.3'), 'latest');
  assert.is(distTag('1.2.3-beta.0'), 'beta');
  assert.is(distTag('1.2.3-0'), 'next');
});

test('recorded changes become a section above the others', () => {
  const text = '---\n"@etcdts/b": patch\n"@etcdts/a": minor\n---\n\nA `thing` is new.\n\nIt is large.\n';
  const change = readChange(text);
  assert.equal(change, {
    packages: ['@etcdts/a', '@etcdts/b'],
    summary: 'A `thing` is new.\n\nIt is large.',
    bump: 'minor',
  });
  const mend = readChange("---\n'@etcdts/a': patch\n---\n\nA leak.\n");
  const none = readChange('---\n"@etcdts/a": none\n---\n\nA comment.\n');
  const section = composeSection('1.3.0', '2026-02-01', [mend, change, none]);
  assert.is(
    section,
    '## 1.3.0, 2026-02-01\n\n### New, and changed\n\n- **a, b**: A `thing` is new.\n\n  It is large.\n\n### Mended\n\n- **a**: A leak.\n\n',
  );
  const broken = readChange('---\n"@etcdts/b": minor\n---\n\nBreaking: write `y`.\n');
  assert.is(
    composeSection('1.3.0', '2026-02-01', [broken]),
    '## 1.3.0, 2026-02-01\n\n### Breaking\n\n- **b**: write `y`.\n\n',
  );
  const changelog = insertSection(good.changelog, section);
  assert.ok(changelog.startsWith('# Changelog\n\n## 1.3.0, 2026-02-01\n\n### New'));
  assert.ok(changelog.endsWith(`- **a**: A leak.\n\n${good.changelog.slice(good.changelog.indexOf('## 1.2.0'))}`));
  assert.throws(() => readChange('no change'), /this is no change/);
});

test.run();
