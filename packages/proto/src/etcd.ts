import { otherDeclarations, rareMessages, serverDeclarations } from './descriptor.ts';
import { Protocol } from './protocol.ts';

/** Makes the protocol of etcd. */
export function etcdProtocol(enums: 'names' | 'numbers' = 'names'): Protocol {
  return new Protocol([parse(rareMessages), parse(otherDeclarations)], enums);
}

/** Makes the protocol of etcd with all services of a server, of which the client needs no Lock, Election and Health. */
export function serverProtocol(enums: 'names' | 'numbers' = 'names'): Protocol {
  return new Protocol([rareMessages, otherDeclarations, serverDeclarations].map(parse), enums);
}

/** Makes the part of etcd's protocol that has the messages of Cluster, Maintenance and Auth, and no services. */
export function rareProtocol(): Protocol {
  return new Protocol([parse(rareMessages)]);
}

function parse(json: string): object {
  return JSON.parse(json) as object;
}
