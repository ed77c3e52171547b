// The prepack script of every package. It makes the published files from the output of `tsc -b`.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bundleCacheCommand, bundleCore, bundleEmbedded, bundleHttp2 } from './bundle.mjs';
import { bundleCommonJs } from './common-js.mjs';

// The compiler never deletes the output of a source that is gone.
for (const name of readdirSync('dist', { recursive: true })) {
  const source = /^(.*?)(\.d\.ts|\.js)(\.map)?$/.exec(name)?.[1];
  if (source !== undefined && !existsSync(join('src', `${source}.ts`))) rmSync(join('dist', name));
}

if (process.env.npm_package_name === '@etcdts/core') await bundleCore();
if (process.env.npm_package_name === '@etcdts/cache') await bundleCacheCommand();
if (process.env.npm_package_name === '@etcdts/http2') await bundleHttp2();
if (process.env.npm_package_name === '@etcdts/embedded') await bundleEmbedded();
// A package that is only a command is not required.
if (process.env.npm_package_name !== '@etcdts/migrate') await bundleCommonJs(process.cwd());
