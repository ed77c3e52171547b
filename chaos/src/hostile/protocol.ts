import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../packages/proto/etcd/', import.meta.url));
const definitions = loadSync('rpc.proto', { includeDirs: [folder], longs: String, enums: String, bytes: Buffer });

/** An RPC of etcd, with the encoding of its messages. */
export type Rpc = ServiceDefinition[string];

/** An RPC by its name, such as `KV.Put`. */
export function rpcOf(name: string): Rpc {
  const [service, method] = name.split('.');
  const found = (definitions[`etcdserverpb.${service}`] as ServiceDefinition | undefined)?.[method as string];
  if (found === undefined) throw new TypeError(`etcd has no ${name}`);
  return found;
}
