// Tests what the reports of the API refuse. `npm test` itself checks that they are up to date.
import { assert, suite } from '@etcdts/testing';

interface Api {
  readonly name: string;
  readonly entry: string;
  readonly api: string;
  readonly forgotten: readonly string[];
}
interface Report {
  readonly faultsOf: (apis: readonly Api[]) => string[];
  readonly reportsOf: (apis: readonly Api[]) => Map<string, string>;
  readonly differencesOf: (reports: ReadonlyMap<string, string>, committed: ReadonlyMap<string, string>) => string[];
}

const scripts = new URL('../../scripts/', import.meta.url);
const { faultsOf, reportsOf, differencesOf } = (await import(new URL('api-report.mjs', scripts).href)) as Report;
const { extractApis } = (await import(new URL('api-extract.mjs', scripts).href)) as { extractApis: () => Api[] };

const test = suite('API reports', { timeoutMs: 60_000 });

const box: Api = {
  name: 'box',
  entry: 'index',
  api: '// @public\nexport function open(key: Key): Lid;\n\n// @public\nexport interface Lid {\n    readonly m: m.Key;\n}',
  forgotten: [],
};
const plugin: Api = { name: 'box', entry: 'plugin', api: '// @public\nexport type Key = string;', forgotten: [] };

test('differ by a line that names the file and the command that brings them up to date', () => {
  const reports = reportsOf([box, plugin]);
  assert.equal([...reports.keys()], ['box.api.md', 'box-plugin.api.md']);
  assert.equal(differencesOf(reports, reports), []);
  const more = { ...plugin, api: '// @public\nexport type Key = string | Uint8Array;' };
  assert.equal(differencesOf(reportsOf([box, more]), reports), [
    'api/box-plugin.api.md is not the API of what was built:',
    '  - export type Key = string;',
    '  + export type Key = string | Uint8Array;',
    'If the change is meant, run `npm run api` and commit api/ with it.',
  ]);
});

test('differ if an entry is new or gone', () => {
  const [both, one] = [reportsOf([box, plugin]), reportsOf([box])];
  assert.is(differencesOf(both, one)[0], 'api/box-plugin.api.md is not the API of what was built:');
  assert.is(differencesOf(one, both)[0], 'api/box-plugin.api.md is not the API of what was built:');
});

test('accept a name that another entry of the package exports', () => {
  assert.equal(faultsOf([{ ...box, forgotten: ['Key', 'm'] }, plugin]), []);
});

test('refuse a name in a type that no entry exports', () => {
  assert.equal(faultsOf([{ ...box, forgotten: ['Key'] }]), [
    'packages/box/src/index.ts mentions Key in a type, and no entry of the package exports it',
  ]);
  const whole = faultsOf([
    { ...box, forgotten: ['m'] },
    { ...plugin, name: 'other' },
  ]);
  assert.equal(whole, ['packages/box/src/index.ts mentions Key in a type, and no entry of the package exports it']);
});

test('refuse an exported name without a comment, but not the second overload of a function', () => {
  const bare = { ...plugin, api: '// @public (undocumented)\nexport type Key = string;' };
  assert.equal(faultsOf([bare]), ['packages/box/src/plugin.ts exports Key, which has no comment']);
  const overload = `${box.api}\n\n// @public (undocumented)\nexport function open(): Lid;`;
  assert.equal(faultsOf([{ ...box, api: overload }]), []);
});

test('refuse a name that two entries export', () => {
  const same = { ...plugin, api: '// @public\nexport interface Lid {}' };
  assert.equal(faultsOf([box, same]), [
    'packages/box/src/index.ts exports Lid, and so does another entry of the package',
    'packages/box/src/plugin.ts exports Lid, and so does another entry of the package',
  ]);
});

test('cover every entry of every published package, and what a package adds to the call options', () => {
  const apis = extractApis();
  const entries = apis.map(({ name, entry }) => `${name} ${entry}`);
  assert.ok(entries.includes('core index') && entries.includes('core plugin') && entries.includes('testing index'));
  assert.not.ok(entries.some((entry) => entry.startsWith('proto')));
  const { api } = apis.find(({ name }) => name === 'retry') as Api;
  assert.match(api, /^export function retry\(/m);
  assert.match(api, /^declare module '@etcdts\/core' \{\n +interface CallOptions \{/m);
});

test.run();
