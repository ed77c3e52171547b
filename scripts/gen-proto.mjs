// Vendors etcd's protos into packages/proto/etcd and makes packages/proto/src/descriptor.ts from them.
//   node scripts/gen-proto.mjs <etcd repository>   vendors from its HEAD, then generates
//   node scripts/gen-proto.mjs                     generates
//   node scripts/gen-proto.mjs --check             generates nothing; exits 1 if the descriptor would change
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const proto = fileURLToPath(new URL('../packages/proto/', import.meta.url));
const target = `${proto}src/descriptor.ts`;
/** The files in the order of their imports. */
const sources = {
  'kv.proto': 'api/mvccpb/kv.proto',
  'auth.proto': 'api/authpb/auth.proto',
  'rpc.proto': 'api/etcdserverpb/rpc.proto',
  'v3lock.proto': 'server/etcdserver/api/v3lock/v3lockpb/v3lock.proto',
  'v3election.proto': 'server/etcdserver/api/v3election/v3electionpb/v3election.proto',
};
/** gRPC's own, which is not in etcd's repository. */
const health = 'health.proto';

/** Removes the parts that only etcd's own generators read: gateway, version and Go annotations, and their imports. */
function strip(text) {
  const imports = text
    .replace(/^\/\/ for grpc-gateway\n/gm, '')
    .replace(/^import "(?:google|protoc-gen|gogoproto|etcd\/api\/versionpb).*\n/gm, '')
    .replace(/^import ".*\/([^/]+\.proto)";/gm, 'import "$1";');
  return withoutOptions(imports)
    .replace(/\s*\[\s*\((?:versionpb|gogoproto)\.[^\]]*\]/g, '')
    .replace(/^(\s*rpc .*\)) \{\s*\}/gm, '$1;')
    .replace(/^((?:message|enum) .*\{)\n\n+/gm, '$1\n')
    .replace(/\n{3,}/g, '\n\n');
}

function withoutOptions(text) {
  const start = /^[ \t]*option [^=]*=\s*/m;
  for (let found = start.exec(text); found; found = start.exec(text)) {
    let end = found.index + found[0].length;
    for (let depth = 0; depth > 0 || text[end] !== ';'; end++) {
      if (text[end] === '{') depth++;
      if (text[end] === '}') depth--;
      if (text[end] === undefined) throw new Error('an option does not end');
    }
    text = text.slice(0, found.index) + text.slice(end + 1).replace(/^[ \t]*\n/, '');
  }
  return text;
}

function vendor(repository) {
  const git = (...args) => execFileSync('git', ['-C', repository, ...args], { encoding: 'utf8' });
  for (const [name, path] of Object.entries(sources)) {
    writeFileSync(`${proto}etcd/${name}`, strip(git('show', `HEAD:${path}`)));
  }
  const readme = readFileSync(`${proto}README.md`, 'utf8');
  writeFileSync(`${proto}README.md`, readme.replace(/\b[0-9a-f]{40}\b/, git('rev-parse', 'HEAD').trim()));
}

function generate() {
  const protobuf = createRequire(`${proto}package.json`)('protobufjs');
  const root = new protobuf.Root();
  for (const name of Object.keys(sources)) protobuf.parse(readFileSync(`${proto}etcd/${name}`, 'utf8'), root);
  protobuf.parse(readFileSync(`${proto}grpc/${health}`, 'utf8'), root);
  const { nested } = root.toJSON();
  const all = nested.etcdserverpb.nested;
  const rare = messagesOf(all, ['Cluster', 'Maintenance', 'Auth']);
  const part = (wanted) => ({
    nested: Object.fromEntries(Object.entries(all).filter(([name]) => rare.has(name) === wanted)),
  });
  const { authpb, mvccpb, v3lockpb, v3electionpb, grpc } = nested;
  return `// Made from packages/proto/etcd/*.proto by scripts/gen-proto.mjs; not edited. Protobufjs's JSON, as text, since a process that makes
// no rare call need not parse it.

/** The messages of etcd's Cluster, Maintenance and Auth. */
export const rareMessages: string = \`${lines({ nested: { authpb, etcdserverpb: part(true) } })}\`;

/** etcd's other messages, and the services of KV, Watch, Lease, Cluster, Maintenance and Auth. */
export const otherDeclarations: string = \`${lines({ nested: { mvccpb, etcdserverpb: part(false) } })}\`;

/** The services of a server that the client has no use for: locks and elections in the server, and gRPC's health. */
export const serverDeclarations: string = \`${lines({ nested: { v3lockpb, v3electionpb, grpc } })}\`;
`;
}

/** The names of the messages and enums that services need. */
function messagesOf(declared, services) {
  const names = new Set();
  const visit = (type) => {
    if (declared[type] === undefined || names.has(type)) return;
    names.add(type);
    for (const { type: inner } of Object.values(declared[type].fields ?? {})) visit(inner);
  };
  for (const service of services) {
    for (const rpc of Object.values(declared[service].methods)) [rpc.requestType, rpc.responseType].forEach(visit);
  }
  return names;
}

/** The JSON of a package, with a line for each message, enum and service. */
function lines({ nested, ...rest }) {
  if (Object.keys(rest).length > 0 || nested === undefined) return JSON.stringify({ ...rest, nested });
  const inner = Object.entries(nested).map(([name, child]) => `${JSON.stringify(name)}:${lines(child)}`);
  return `{"nested":{\n${inner.join(',\n')}}}`;
}

const [argument] = process.argv.slice(2);
if (argument === '--check') {
  if (readFileSync(target, 'utf8') !== generate()) {
    console.error(`${target} is not what scripts/gen-proto.mjs makes of packages/proto/etcd/*.proto`);
    process.exitCode = 1;
  }
} else {
  if (argument !== undefined) vendor(argument);
  writeFileSync(target, generate());
}
