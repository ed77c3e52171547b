// node startup/grpc-js.js <address>: makes one get and ends.
import { grpcJs } from '../clients/grpc-js.ts';
import { KEY } from '../workload.ts';

const value = await grpcJs({ address: process.argv[2] ?? '' }).get(KEY);
process.exit(value === undefined ? 1 : 0);
