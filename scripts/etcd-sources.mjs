// Ways to get an etcd server without root: unpacked packages of Debian, and a build from Go's modules.
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The folder of all obtained servers, one folder per suite or version. git ignores it. */
export const store = fileURLToPath(new URL('../.etcd', import.meta.url));

const execute = promisify(execFile);

/** Runs a program and returns its output. The error of a failing program ends with the end of its output. */
export async function run(program, args, options = {}) {
  try {
    const { stdout } = await execute(program, args, { maxBuffer: 64 * 1024 * 1024, timeout: 600_000, ...options });
    return stdout;
  } catch (error) {
    if (error.code === 'ENOENT') throw new Error(`${program} is not installed`);
    const words = String(error.stderr || error.message)
      .trim()
      .split('\n')
      .slice(-3)
      .join(' / ');
    throw new Error(`${program} ${args[0]} failed: ${words}`, { cause: error });
  }
}

/** The version of an etcd binary, such as `3.5.16`. */
export async function etcdVersion(path) {
  const version = /etcd Version: (\S+)/.exec(await run(path, ['--version'], { timeout: 30_000 }))?.[1];
  if (!version) throw new Error(`${path} printed no version of etcd`);
  return version;
}

/** Unpacks etcd and etcdctl of a Debian suite. */
export async function fetchDebian(suite) {
  return intoStore(suite, join('usr', 'bin', 'etcd'), (folder) =>
    unpackDebian(folder, suite, ['etcd-server', 'etcd-client']),
  );
}

/** Unpacks packages of a Debian suite. The archive and its keys are those of this machine's own apt sources. */
export async function unpackDebian(folder, suite, packages) {
  const targets = await run('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages']);
  const archive = targets.split('\n').find((uri) => /\/debian\/?$/.test(uri));
  if (!archive) throw new Error('the apt sources of this machine name no Debian archive');
  const apt = join(folder, '.apt');
  for (const part of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(apt, part), { recursive: true });
  writeFileSync(join(apt, 'one.sources'), `Types: deb\nURIs: ${archive}\nSuites: ${suite}\nComponents: main\n`);
  const options = [
    `Dir::Etc::sourcelist=${join(apt, 'one.sources')}`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${join(apt, 'lists')}`,
    `Dir::Cache=${join(apt, 'cache')}`,
    'Acquire::Languages=none',
  ].flatMap((option) => ['-o', option]);
  await run('apt-get', ['-qq', ...options, 'update']);
  await run('apt-get', ['-qq', ...options, 'download', ...packages], { cwd: apt });
  for (const name of readdirSync(apt).filter((name) => name.endsWith('.deb'))) {
    await run('dpkg', ['-x', join(apt, name), folder]);
  }
  rmSync(apt, { recursive: true });
}

/** Builds etcd of a version such as `3.7.1` from its Go modules, whatever the Go settings of the user. */
export async function buildWithGo(version) {
  return intoStore(version, 'etcd', async (folder) => {
    const scratch = join(folder, 'scratch');
    mkdirSync(scratch);
    const module = 'go.etcd.io/etcd/server/v3';
    writeFileSync(join(scratch, 'go.mod'), `module scratch\n\ngo 1.23\n\nrequire ${module} v${version}\n`);
    const plain = { ...process.env, GOFLAGS: '-mod=mod -buildvcs=false', GOWORK: 'off', CGO_ENABLED: '0' };
    const env = { ...plain, ...(await goCaches(plain)) };
    await run('go', ['build', '-trimpath', '-o', join(folder, 'etcd'), module], { cwd: scratch, env });
    rmSync(scratch, { recursive: true });
  });
}

/** The folders of Go's caches, without which Go does not work. A service account often has none; then they are in the store. */
export async function goCaches(env) {
  const own = {
    GOCACHE: join(store, '.go', 'build'),
    GOMODCACHE: join(store, '.go', 'mod'),
    GOPATH: join(store, '.go'),
  };
  try {
    const places = JSON.parse(await run('go', ['env', '-json', 'GOCACHE', 'GOMODCACHE'], { env }));
    for (const place of [places.GOCACHE, places.GOMODCACHE]) {
      // Without a home folder, Go prints `off` or an empty line.
      if (!isAbsolute(place)) return own;
      mkdirSync(place, { recursive: true });
      accessSync(place, constants.W_OK);
    }
    return {};
  } catch (error) {
    if (/not installed/.test(error.message)) throw error;
    return own;
  }
}

/** Fills a folder of the store once, completely or not at all, and returns the path of the binary in it. */
export async function intoStore(name, binary, fill, check = etcdVersion) {
  const final = join(store, name);
  if (existsSync(join(final, binary))) return join(final, binary);
  const temporary = join(store, `.${name}-${process.pid}`);
  mkdirSync(temporary, { recursive: true });
  try {
    await fill(temporary);
    await check(join(temporary, binary));
    rmSync(final, { recursive: true, force: true });
    renameSync(temporary, final);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return join(final, binary);
}
