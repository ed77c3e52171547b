// node startup/etcd3.js <address>: makes one get and ends.
import { etcd3 } from '../clients/etcd3.ts';
import { KEY } from '../workload.ts';

const value = await etcd3({ address: process.argv[2] ?? '' }).get(KEY);
process.exit(value === undefined ? 1 : 0);
