// The fake server's process. It has one port per operation, and sends the ports and, on request, its CPU time over IPC.
import { type AddressInfo, createServer } from 'node:net';
import { answers } from './answers.ts';
import { Connection, type Port } from './connection.ts';
import { floodPort } from './flood.ts';
import { unaryPort } from './unary.ts';

/** The addresses of the fake server's ports, by operation. */
export type FakeAddresses = Readonly<Record<'put' | 'get' | 'txn' | 'range' | 'watch', string>>;

function listen(port: Port): Promise<string> {
  const server = createServer((socket) => new Connection(socket, port));
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

const addresses: FakeAddresses = {
  put: await listen(unaryPort(answers.put)),
  get: await listen(unaryPort(answers.get)),
  txn: await listen(unaryPort(answers.txn)),
  range: await listen(unaryPort(answers.range)),
  watch: await listen(floodPort()),
};
process.send?.({ addresses });
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicros: user + system });
});
process.on('disconnect', () => process.exit(0));
