// Core and http2 as they are published, in a folder of their own, and a program for each transport that makes one get.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KEY } from './workload.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The folder, and the programs in it, by client. */
export interface Published {
  readonly programs: ReadonlyMap<string, string>;
  remove(): void;
}

/** A program that makes one get and ends. */
function program(imports: string, options: string): string {
  return `import { createClient } from '@etcdts/core';
${imports}
const { kvs } = await createClient({ endpoints: process.argv[2]${options} }).kv.get('${KEY}');
process.exit(kvs.length === 1 ? 0 : 1);
`;
}

/** Makes a package in which the published entries are in force. */
function install(folder: string, name: string): string {
  const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as {
    readonly publishConfig: object;
  };
  const place = join(folder, 'node_modules/@etcdts', name);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'package.json'), JSON.stringify({ ...manifest, ...manifest.publishConfig }));
  return place;
}

export function makePublished(): Published {
  execFileSync(process.execPath, [join(root, 'scripts/bundle.mjs')], { stdio: ['ignore', 'ignore', 'inherit'] });
  const folder = mkdtempSync(join(tmpdir(), 'etcdts-published-'));
  // Core finds its dependencies from where it is; http2 must find this core, and is copied.
  symlinkSync(join(root, 'packages/core/lib'), join(install(folder, 'core'), 'lib'));
  const http2 = install(folder, 'http2');
  for (const part of ['dist', 'lib']) {
    const built = join(root, 'packages/http2', part);
    if (existsSync(built)) cpSync(built, join(http2, part), { recursive: true });
  }
  const texts: readonly [string, string][] = [
    ['etcdts', program('', '')],
    ['http2', program("import { http2Transport } from '@etcdts/http2';", ', transport: http2Transport()')],
  ];
  const programs = texts.map(([client, text]): [string, string] => {
    const path = join(folder, `${client}.mjs`);
    writeFileSync(path, text);
    return [client, path];
  });
  return { programs: new Map(programs), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
