import { createRequire } from 'node:module';

// Node reads a CommonJS module that is imported, and all that it exports again, just to learn the names. One that is
// required costs nothing of that, which is a good part of a process start.
const require = createRequire(import.meta.url);

/** gRPC's server. */
export const grpc: typeof import('@grpc/grpc-js') = require('@grpc/grpc-js') as typeof import('@grpc/grpc-js');

/** The part of protobufjs that does without its parser. */
export const protobuf: typeof import('protobufjs/light.js') =
  require('protobufjs/light.js') as typeof import('protobufjs/light.js');
