// The rules of the public workflows: they run scripts of package.json and nothing of their own, with pinned actions, on the versions of
// Node that the packages promise.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file) => readFileSync(root + file, 'utf8');

/** The workflows, by path, and what names the versions of Node. */
export function readWorkflows() {
  const names = readdirSync(`${root}.github/workflows`);
  return {
    workflows: Object.fromEntries(names.map((name) => [name, read(`.github/workflows/${name}`)])),
    manifest: JSON.parse(read('package.json')),
    manifests: readdirSync(`${root}packages`).map((name) => JSON.parse(read(`packages/${name}/package.json`))),
    nvmrc: read('.nvmrc').trim(),
    devcontainer: read('.devcontainer/devcontainer.json'),
    versioning: read('docs/versioning.md'),
    workspace: read('pnpm-workspace.yaml'),
  };
}

/** One line for each step that is not a script of package.json, and for each action that is not pinned. */
export function stepFaults({ workflows, manifest }) {
  const faults = [];
  for (const [name, text] of Object.entries(workflows)) {
    for (const [, command] of text.matchAll(/^\s*(?:- )?run: *(.*)$/gm)) {
      const [, script] = /^npm (?:run )?([\w:]+)(?: -- [\w -]+)?$/.exec(command) ?? [];
      if (script === undefined || manifest.scripts[script] === undefined)
        faults.push(`${name} runs \`${command}\`, which is no script of package.json`);
    }
    for (const [, action] of text.matchAll(/^\s*(?:- )?uses: *(.*)$/gm))
      if (!action.startsWith('./') && !/^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))
        faults.push(`${name} uses ${action}, which is not pinned to a commit with its version`);
  }
  return faults;
}

/** One line for each place that names other versions of Node than `engines` of package.json and the matrix of test.yml. */
export function nodeFaults({ workflows, manifest, manifests, nvmrc, devcontainer, versioning, workspace }) {
  const oldest = /^>=(\d+\.\d+)$/.exec(manifest.engines.node)?.[1];
  if (oldest === undefined) return [`engines of package.json is ${manifest.engines.node}: it must be as >=20.19`];
  const major = oldest.split('.')[0];
  const tested = /^\s*node: \[(.*)\]$/m.exec(workflows['test.yml'])?.[1].split(', ') ?? [];
  const faults = [];
  const must = (holds, fault) => holds || faults.push(fault);
  for (const { name, engines, private: unpublished } of manifests)
    must(unpublished || engines?.node === `>=${oldest}`, `engines of ${name} is not >=${oldest}`);
  must(nvmrc === oldest, `.nvmrc is ${nvmrc}, and the oldest Node of package.json is ${oldest}`);
  must(tested[0] === major, `test.yml tests on ${tested.join(', ')}: the first must be ${major}`);
  must(devcontainer.includes(`javascript-node:${major}-`), `the image of the devcontainer is not one of Node ${major}`);
  must(
    new RegExp(`'@types/node': \\^${oldest.replace('.', '\\.')}\\.`).test(workspace),
    `@types/node in pnpm-workspace.yaml is not that of Node ${oldest}`,
  );
  must(versioning.includes(`| ${oldest} `), `docs/versioning.md does not name Node ${oldest}`);
  must(
    versioning.includes(`| ${tested.slice(1).join(', ')} `),
    `docs/versioning.md does not name Node ${tested.slice(1).join(', ')}`,
  );
  for (const [name, text] of Object.entries(workflows))
    for (const [, version] of text.matchAll(/^\s*(?:container: node:|node-version: )(\d+)/gm))
      must(tested.includes(version), `${name} runs on Node ${version}, which test.yml does not test`);
  return faults;
}
