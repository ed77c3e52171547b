import { Etcd3 } from 'etcd3';

let shared: Etcd3 | undefined;

export function open(): Etcd3 {
  shared ??= new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
  return shared;
}
