import { dirname, sep } from 'node:path';
import ts from 'typescript';
import { ETCD3_TYPES } from './etcd3-types.ts';

/** Where the compiler finds the declarations of etcd3. Its name keeps it apart from files. */
const DECLARATIONS = '/__etcdts_migrate__/etcd3.d.ts';

const OPTIONS: ts.CompilerOptions = {
  allowJs: true,
  checkJs: true,
  noEmit: true,
  skipLibCheck: true,
  strict: true,
  types: [],
  jsx: ts.JsxEmit.Preserve,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
};

/** The declarations of the language, which all programs of a process share. */
const language = new Map<string, ts.SourceFile | undefined>();

/** Whether a file holds the declarations of etcd3. */
export const declaresEtcd3 = (file: ts.SourceFile): boolean => file.fileName === DECLARATIONS;

/** The files as a program with types. Of what they import, it has only etcd3 and other files of the project. */
export function programOf(files: readonly string[], start: string): ts.Program {
  const options = { ...OPTIONS, ...aliasesOf(start) };
  const host = ts.createCompilerHost(options, true);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (file) => file === DECLARATIONS || fileExists(file);
  host.readFile = (file) => (file === DECLARATIONS ? ETCD3_TYPES : readFile(file));
  const folder = dirname(ts.getDefaultLibFilePath(options)).split(sep).join('/');
  host.getSourceFile = (file, version, ...more) => {
    if (file === DECLARATIONS) return ts.createSourceFile(file, ETCD3_TYPES, version, true);
    const found = language.get(file) ?? getSourceFile(file, version, ...more);
    if (file.startsWith(`${folder}/`)) language.set(file, found);
    return found;
  };
  host.resolveModuleNameLiterals = (literals, containing) =>
    literals.map(({ text }) => ({ resolvedModule: resolve(text, containing, options, host) }));
  return ts.createProgram({ rootNames: files, options, host });
}

function resolve(
  module: string,
  containing: string,
  options: ts.CompilerOptions,
  host: ts.ModuleResolutionHost,
): ts.ResolvedModuleFull | undefined {
  if (module === 'etcd3') return { resolvedFileName: DECLARATIONS, extension: ts.Extension.Dts };
  const { resolvedModule } = ts.resolveModuleName(module, containing, options, host);
  // Types of other packages take long to read, and nothing of them is etcd3's.
  const foreign = resolvedModule === undefined || resolvedModule.resolvedFileName.includes('/node_modules/');
  return foreign ? undefined : resolvedModule;
}

/** The aliases of modules that the project has, such as `@/database`. */
function aliasesOf(start: string): ts.CompilerOptions {
  const found = ts.findConfigFile(start, ts.sys.fileExists);
  if (found === undefined) return {};
  const { config } = ts.readConfigFile(found, ts.sys.readFile) as { config?: unknown };
  const host = { ...ts.sys, readDirectory: () => [] };
  const { paths, baseUrl, pathsBasePath } = ts.parseJsonConfigFileContent(config ?? {}, host, dirname(found)).options;
  if (paths === undefined) return {};
  return { paths, baseUrl, pathsBasePath: pathsBasePath ?? dirname(found).split(sep).join('/') } as ts.CompilerOptions;
}
