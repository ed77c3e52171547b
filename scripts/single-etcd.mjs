// How a real etcd with one member is started for a measurement.
import { createServer } from 'node:net';

/** Finds a port that is free now. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The arguments of an etcd that keeps its data in a folder, listens for clients on a port, and for members on another free one. */
export async function singleEtcd(folder, port) {
  const [url, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${await freePort()}`];
  const urls = ['--listen-client-urls', url, '--advertise-client-urls', url, '--listen-peer-urls', peer];
  return ['--data-dir', folder, ...urls, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`];
}
