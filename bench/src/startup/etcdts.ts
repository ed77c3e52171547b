// node startup/etcdts.js <address>: one get, then out.
import { etcdts } from '../clients/etcdts.ts';
import { KEY } from '../workload.ts';

const value = await etcdts(process.argv[2] ?? '').get(KEY);
process.exit(value === undefined ? 1 : 0);
