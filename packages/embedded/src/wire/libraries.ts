import { createRequire } from 'node:module';

// For a CommonJS module that is imported, Node parses it and all modules that it re-exports, to find the names of the exports. A
// required module does not need that, which saves a good part of the start of a process.
const require = createRequire(import.meta.url);

/** gRPC's library. */
export const grpc: typeof import('@grpc/grpc-js') = require('@grpc/grpc-js') as typeof import('@grpc/grpc-js');
