// limit: 500 s
// runs alone
// not about the server
// Tests the published packages as they are installed, with other compilers, in Node, and bundled by esbuild.
import { suite } from '@etcdts/testing';
import { contents } from './contents.ts';
import { InstalledPackages } from './installed-packages.ts';
import { newcomer } from './newcomer.ts';
import { loading, running } from './running.ts';
import { types } from './types.ts';

const test = suite('the published packages', { timeoutMs: 60_000, hookTimeoutMs: 240_000 });
let packages: InstalledPackages;

test.before(async () => {
  packages = await InstalledPackages.install();
});

test.after(async () => {
  await packages?.[Symbol.asyncDispose]();
});

for (const part of [contents, types, running, loading, newcomer]) part(test, () => packages);

test.run();
