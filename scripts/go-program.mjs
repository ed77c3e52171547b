// Builds a Go program of the tests, once for each state of its source, and prints its path.
//   node scripts/go-program.mjs test/go/contender
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { goCaches, intoStore, run } from './etcd-sources.mjs';

const folder = resolve(process.argv[2] ?? '');
const name = basename(folder);
const hash = createHash('sha256');
const sources = readdirSync(folder).filter((file) => file.endsWith('.go'));
for (const file of ['go.mod', 'go.sum', ...sources.sort()]) hash.update(readFileSync(join(folder, file)));

const path = await intoStore(
  `go-${name}-${hash.digest('hex').slice(0, 12)}`,
  name,
  async (target) => {
    mkdirSync(target, { recursive: true });
    const plain = { ...process.env, GOFLAGS: '-mod=readonly -buildvcs=false', GOWORK: 'off', CGO_ENABLED: '0' };
    const env = { ...plain, ...(await goCaches(plain)) };
    await run('go', ['build', '-trimpath', '-o', join(target, name), '.'], { cwd: folder, env });
  },
  async () => {},
);
console.log(path);
