// Obtains etcd servers without root.
//   node scripts/etcd.mjs              obtains the one that the tests use and prints its path
//   node scripts/etcd.mjs 3.6.14       obtains one of `servers`, by version or Debian suite
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildWithGo, etcdVersion, fetchDebian, store } from './etcd-sources.mjs';

/** Every server that can be obtained, oldest first. The version of a Debian suite is the one at the time of writing. */
export const servers = [
  { name: 'bookworm', version: '3.4.23', obtain: () => fetchDebian('bookworm') },
  { name: 'trixie', version: '3.5.16', obtain: () => fetchDebian('trixie') },
  { name: 'forky', version: '3.5.30', obtain: () => fetchDebian('forky') },
  { name: '3.6.14', version: '3.6.14', obtain: () => buildWithGo('3.6.14') },
  { name: '3.7.1', version: '3.7.1', obtain: () => buildWithGo('3.7.1') },
];

/** The servers whose versions begin with one of a list such as `3.4,3.7.1`, oldest first; all of them without a list. */
export function chooseServers(list) {
  if (!list) return servers;
  const of = (start) => servers.filter(({ version }) => `${version}.`.startsWith(`${start}.`));
  const wanted = list.split(',').map((start) => start.trim());
  const unknown = wanted.find((start) => of(start).length === 0);
  if (unknown !== undefined)
    throw new Error(`ETCD_VERSIONS has ${unknown}: there is ${servers.map(({ version }) => version).join(', ')}`);
  return servers.filter((server) => wanted.some((start) => of(start).includes(server)));
}

const number = (version) => version.split('.', 2).reduce((sum, part) => sum * 1000 + Number.parseInt(part), 0);
const recent = (version) => number(version) >= number('3.5');

/** Returns an etcd for the tests as `{ path, version, origin }`: that of ETCD_BIN, otherwise the first that is 3.5 or newer. */
export async function obtainEtcd() {
  const named = process.env.ETCD_BIN;
  if (named) return { path: named, version: await etcdVersion(named), origin: 'ETCD_BIN' };
  const refusals = [];
  for (const [origin, find] of ways()) {
    try {
      const path = await find();
      const version = await etcdVersion(path);
      if (recent(version)) return { path, version, origin };
      refusals.push(`${origin}: ${path} is ${version}, and the tests need 3.5 or newer`);
    } catch (error) {
      refusals.push(`${origin}: ${error.message}`);
    }
  }
  const tried = refusals.map((refusal) => `  ${refusal}`).join('\n');
  throw new Error(`no etcd to test against. Set ETCD_BIN to the path of an etcd 3.5 or newer. Tried:\n${tried}`);
}

/**
 * The ways to an etcd other than ETCD_BIN, the cheap ones first.
 * @returns {[origin: string, find: () => Promise<string> | string][]}
 */
function ways() {
  return [
    ['PATH', () => fromPath()],
    ...fetched().map((path) => ['fetched before', () => path]),
    ['Debian trixie', () => announced('Debian trixie', () => fetchDebian('trixie'))],
    ['Debian forky', () => announced('Debian forky', () => fetchDebian('forky'))],
    ['Go modules', () => announced('Go modules', () => buildWithGo('3.7.1'))],
  ];
}

function announced(from, obtain) {
  console.error(`getting etcd from ${from}, once`);
  return obtain();
}

function fromPath() {
  const paths = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'etcd'));
  const path = paths.find((candidate) => existsSync(candidate));
  if (!path) throw new Error('no etcd there');
  return path;
}

/** The binaries in the store, newest first. */
function fetched() {
  if (!existsSync(store)) return [];
  const known = servers.filter(({ version }) => recent(version)).toReversed();
  const folders = new Set([...known.map(({ name }) => name), ...readdirSync(store)]);
  return [...folders]
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => [join(store, name, 'etcd'), join(store, name, 'usr', 'bin', 'etcd')])
    .filter((path) => existsSync(path));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const wanted = process.argv[2];
  const server = servers.find(({ name, version }) => wanted === name || wanted === version);
  if (wanted && !server) throw new Error(`there is ${servers.map(({ name }) => name).join(', ')}`);
  console.log(server ? await server.obtain() : (await obtainEtcd()).path);
}
