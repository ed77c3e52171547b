// Extracts the API of every published entry from the declarations of `tsc -b`, with API Extractor.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as extractor from '@microsoft/api-extractor';
import { published } from './published.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const readJson = (...path) => JSON.parse(readFileSync(join(root, ...path), 'utf8'));

/** The published packages, by folder, with the names of their entries. */
function publishedPackages() {
  return published.map((name) => {
    const targets = Object.values(readJson('packages', name, 'package.json').exports);
    const declarations = targets.flatMap(({ types }) => types ?? []);
    return { name, entries: declarations.map((types) => /([^/]+)\.d\.ts$/.exec(types)[1]) };
  });
}

const declarationsOf = (name, entry) => join(root, 'packages', name, 'dist', `${entry}.d.ts`);

function configOf(name, entry, folder) {
  const { lib, module, target, types } = readJson('tsconfig.base.json').compilerOptions;
  const tsconfig = { compilerOptions: { lib, module, target, types, strict: true, skipLibCheck: true } };
  const quiet = { logLevel: 'none', addToApiReportFile: false };
  const off = { enabled: false };
  const reported = { reportFileName: 'report', reportFolder: folder, reportTempFolder: join(folder, 'new') };
  return extractor.ExtractorConfig.prepare({
    packageJsonFullPath: join(root, 'packages', name, 'package.json'),
    configObject: {
      projectFolder: join(root, 'packages', name),
      mainEntryPointFilePath: declarationsOf(name, entry),
      newlineKind: 'lf',
      compiler: { overrideTsconfig: { ...tsconfig, files: [declarationsOf(name, entry)] } },
      apiReport: { enabled: true, ...reported },
      ...{ docModel: off, dtsRollup: off, tsdocMetadata: off },
      messages: {
        extractorMessageReporting: { default: quiet, 'ae-forgotten-export': { ...quiet, logLevel: 'warning' } },
        tsdocMessageReporting: { default: quiet },
      },
    },
  });
}

/** The additions of a package to the types of another one, which API Extractor leaves out. */
function augmentations(name) {
  const dist = join(root, 'packages', name, 'dist');
  const sources = readdirSync(join(root, 'packages', name, 'src'), { recursive: true }).sort((a, b) =>
    a < b ? -1 : 1,
  );
  return sources
    .map((source) => join(dist, source.replace(/\.ts$/, '.d.ts')))
    .filter((file) => /(?<!\.test)\.d\.ts$/.test(file) && existsSync(file))
    .flatMap((file) => readFileSync(file, 'utf8').match(/^declare module '.*?^}$/gms) ?? []);
}

/**
 * Returns every entry as `{ name, entry, api, forgotten }`: its package, the text of its API, and the names of ours in the text
 * that the entry does not export.
 */
export function extractApis() {
  const folder = mkdtempSync(join(tmpdir(), 'etcdts-api-'));
  const all = publishedPackages().flatMap(({ name, entries }) => entries.map((entry) => ({ name, entry })));
  const additionalEntryPoints = all.map(({ name, entry }) => declarationsOf(name, entry));
  try {
    // There is one program for all, because the types of Node and of the language take longer to read than the rest.
    const compilerState = extractor.CompilerState.create(configOf(all[0].name, all[0].entry, folder), {
      additionalEntryPoints,
    });
    return all.map(({ name, entry }) => {
      const forgotten = [];
      const messageCallback = (message) => {
        message.handled = true;
        if (message.messageId === 'ae-forgotten-export') forgotten.push(/symbol "([^"]+)"/.exec(message.text)[1]);
        else if (message.logLevel === 'error') throw new Error(`packages/${name}: ${message.text}`);
      };
      const options = { localBuild: true, compilerState, messageCallback };
      extractor.Extractor.invoke(configOf(name, entry, folder), options);
      const report = readFileSync(join(folder, 'new/report.api.md'), 'utf8');
      const [, text] = /^```ts\n(.*?)(?:^\/\/ \(No @packageDocumentation[^\n]*\n+)?^```$/ms.exec(report);
      const added = entry === 'index' ? augmentations(name) : [];
      return { name, entry, api: [text.trim(), ...added].join('\n\n'), forgotten };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
