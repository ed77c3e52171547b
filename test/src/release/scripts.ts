// The scripts of a release, with the types that they have for their tests.

/** A package as `packPublished` returns it, or what a test needs of it. */
export interface Packed {
  readonly name: string;
  readonly version: string;
  readonly tarball: string;
  readonly packed: number;
  readonly unpacked: number;
  readonly files: readonly string[];
  readonly manifest: { readonly [field: string]: unknown };
}

export type Licenses = Readonly<
  Record<string, readonly { readonly name: string; readonly versions: readonly string[] }[]>
>;

export interface Versions {
  readonly manifests: readonly { readonly name: string; readonly version: string }[];
  readonly others: readonly string[];
  readonly workspace: string;
  readonly changelog: string;
  readonly sources: Readonly<Record<string, string>>;
}

export interface Change {
  readonly packages: readonly string[];
  readonly summary: string;
  readonly bump: string;
}

export interface Workflows {
  readonly workflows: Readonly<Record<string, string>>;
  readonly manifest: { readonly scripts: object; readonly engines: { readonly node: string } };
  readonly manifests: readonly object[];
  readonly nvmrc: string;
  readonly devcontainer: string;
  readonly versioning: string;
  readonly workspace: string;
}

type Env = Readonly<Record<string, string | undefined>>;

interface Scripts {
  'bench-comment': { commentOf(results: string): string };
  etcd: { chooseServers(list?: string): readonly { readonly version: string }[] };
  workflows: {
    readWorkflows(): Workflows;
    stepFaults(files: Workflows): readonly string[];
    nodeFaults(files: Workflows): readonly string[];
  };
  checks: {
    startChecks(print: (line: string) => void): {
      readonly failed: number;
      run(what: string, program: string, ...args: string[]): void;
      find(what: string, search: () => readonly string[]): Promise<void>;
    };
  };
  licenses: {
    refusedLicenses(licenses: Licenses): readonly string[];
    unknownBundled(text: string, licenses: Licenses): readonly string[];
  };
  'package-sizes': { oversized(packages: readonly Partial<Packed>[], limits?: object): readonly string[] };
  publish: {
    inOrder<T extends Pick<Packed, 'name' | 'manifest'>>(packages: readonly T[]): readonly T[];
    refusal(env: Env): string | undefined;
    tooOld(version: string): string | undefined;
    publishAll(
      packages: readonly Pick<Packed, 'name' | 'version' | 'tarball'>[],
      options: { tag: string; provenance: boolean; print: (line: string) => void; env: Env },
    ): Promise<void>;
  };
  'release-prepare': {
    readChange(text: string): Change;
    composeSection(version: string, date: string, changes: readonly Change[]): string;
    inProse(text: string, before: string, version: string): string;
    insertSection(changelog: string, section: string): string;
  };
  repository: {
    readonly repository: string;
    absoluteLinks(markdown: string, folder: string, ref: string): string;
  };
  versions: {
    readVersions(): Versions;
    versionFaults(versions: Versions, tag?: string): readonly string[];
    withVersion(text: string, version: string): string;
    sectionOf(changelog: string, version: string): string | undefined;
    distTag(version: string): string;
  };
}

/** Loads a script of the repository by its name. */
export async function script<N extends keyof Scripts>(name: N): Promise<Scripts[N]> {
  return (await import(new URL(`../../../scripts/${name}.mjs`, import.meta.url).href)) as Scripts[N];
}
