import { createRequire } from 'node:module';

// Node reads a CommonJS module that is imported, and all that it exports again, only to learn the names. One that is
// required costs nothing of that, which is a good part of a process start.
const require = createRequire(import.meta.url);

/** gRPC's server. */
export const grpc: typeof import('@grpc/grpc-js') = require('@grpc/grpc-js') as typeof import('@grpc/grpc-js');
