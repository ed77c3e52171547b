import { descriptor } from './descriptor.ts';
import { Protocol } from './protocol.ts';

/** Makes the protocol of etcd. */
export function etcdProtocol(enums: 'names' | 'numbers' = 'names'): Protocol {
  return new Protocol(JSON.parse(descriptor) as object, enums);
}
