// etcd's protos, and a codec for messages by their declaration. Core and embedded contain it in what they publish.
export { etcdProtocol, rareProtocol, serverProtocol } from './etcd.ts';
export { Protocol, type MessageCodec, type Rpc } from './protocol.ts';
