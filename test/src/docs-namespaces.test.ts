import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isEtcdError } from '@etcdts/core';
import { assert, startEtcd, suite } from '@etcdts/testing';

const test = suite('docs/namespaces.md');
const page = new URL('../../docs/namespaces.md', import.meta.url);

test('its code, run from top to bottom, does what its comments say', async () => {
  await using etcd = await startEtcd();
  const text = await readFile(page, 'utf8');
  const code = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block]) => block).join('');
  const claims = code.split(' // => ').length - 1;
  const program = code
    .replace("'localhost:2379'", JSON.stringify(etcd.endpoint))
    .replace(/^(?:await )?(.*); \/\/ => ([A-Z_]+)$/gm, 'await fails(async () => $1, "$2");')
    .replace(/^(.*); \/\/ => (.*)$/gm, 'equal($1, $2);');
  const run = `export async function run({ equal, fails }) {\n${program.replace(/^import .*$/gm, '')}\nawait client.close();\n}\n`;
  let checked = 0;
  const equal = (actual: unknown, expected: unknown): void => {
    checked++;
    assert.equal(actual, expected);
  };
  const fails = async (call: () => unknown, code: string): Promise<void> => {
    checked++;
    const error: unknown = await Promise.resolve(call()).catch((thrown: unknown) => thrown);
    assert.is(isEtcdError(error) && error.code, code);
  };
  const imports = (program.match(/^import .*$/gm) ?? []).join('\n');
  // The program lies beside this file, so that it finds the packages that it imports.
  const folder = await mkdtemp(join(fileURLToPath(new URL('.', import.meta.url)), 'docs-'));
  try {
    const path = join(folder, 'namespaces.mjs');
    await writeFile(path, `${imports}\n${run}`);
    const module = (await import(pathToFileURL(path).href)) as { run(checks: object): Promise<void> };
    await module.run({ equal, fails });
  } finally {
    await rm(folder, { recursive: true });
  }
  assert.is(checked, claims);
});

test.run();
