// The fake server's process. It has one port per operation, and sends the ports and, on request, its CPU time and the renewals of
// leases over IPC.
//   node dist/fake/server.js <certificate> <key>
import { readFileSync } from 'node:fs';
import { type AddressInfo, type Server, createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { LEASE_TTL } from '../workload.ts';
import { grpcFrame, largeValue, manyKeys, messages } from './answers.ts';
import { Connection, type Port } from './connection.ts';
import { floodPort } from './flood.ts';
import { leasePort } from './leases.ts';
import { unaryPort } from './unary.ts';

/** The operations that the fake server has a port for, `leases` apart. */
export type FakeOperation =
  | 'put'
  | 'get'
  | 'txn'
  | 'range'
  | 'keys'
  | 'large-get'
  | 'large-put'
  | 'tls-put'
  | 'tls-range'
  | 'watch'
  | 'watch-100';

/** The addresses of the fake server's ports. Leases have several ports, because renewals are counted by port. */
export interface FakeAddresses {
  readonly ports: Readonly<Partial<Record<FakeOperation, string>>>;
  readonly leases: readonly string[];
}

/** The counters of the fake server. */
export interface FakeCounters {
  /** The user and system time so far. */
  readonly cpuMicros: number;
  /** The renewals so far, by port. */
  readonly renewals: readonly number[];
}

const LEASE_PORTS = 8;

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

function plain(port: Port): Promise<string> {
  return listen(
    createServer({ noDelay: true }, (socket) => {
      new Connection(socket, port);
    }),
  );
}

function secure(port: Port, certificate: string, key: string): Promise<string> {
  const options = { cert: readFileSync(certificate), key: readFileSync(key), ALPNProtocols: ['h2'], noDelay: true };
  return listen(
    createTlsServer(options, (socket) => {
      new Connection(socket, port);
    }),
  );
}

const [certificate, key] = process.argv.slice(2);
const put = grpcFrame(messages.put);
const range = grpcFrame(messages.range);
const leases = Array.from({ length: LEASE_PORTS }, () => leasePort(LEASE_TTL));
const addresses: FakeAddresses = {
  ports: {
    put: await plain(unaryPort(put)),
    get: await plain(unaryPort(grpcFrame(messages.get))),
    txn: await plain(unaryPort(grpcFrame(messages.txn))),
    range: await plain(unaryPort(range)),
    keys: await plain(unaryPort(grpcFrame(manyKeys()))),
    'large-get': await plain(unaryPort(grpcFrame(largeValue()))),
    'large-put': await plain(unaryPort(put, true)),
    watch: await plain(floodPort(1)),
    'watch-100': await plain(floodPort(100)),
    ...(certificate !== undefined &&
      key !== undefined && {
        'tls-put': await secure(unaryPort(put), certificate, key),
        'tls-range': await secure(unaryPort(range), certificate, key),
      }),
  },
  leases: await Promise.all(leases.map(({ port }) => plain(port))),
};
process.send?.({ addresses });
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  const counters: FakeCounters = { cpuMicros: user + system, renewals: leases.map(({ renewals }) => renewals()) };
  process.send?.(counters);
});
process.on('disconnect', () => process.exit(0));
