import type { Transport } from '@etcdts/core/plugin';
import { eventually } from '../eventually.ts';
import { assert, type Suite } from '../suite.ts';
import { Line, Peer } from './connection-peer.ts';

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Adds the tests of connects: how a connection is ready, fails, or is closed before. */
export function connectContract(test: Suite, transport: () => Transport): void {
  test('a connection is ready once, when the HTTP/2 settings are there', async () => {
    await using peer = await Peer.http2();
    await using line = new Line(transport(), peer.endpoint());
    await line.ready();
    await later(50);
    assert.equal(line.reports, ['ready']);
    assert.is(peer.sockets.size, 1);
  });

  test('a peer that accepts and sends nothing is neither ready nor lost; closing frees the socket', async () => {
    await using peer = await Peer.tcp();
    const line = new Line(transport(), peer.endpoint());
    await eventually(() => peer.sockets.size === 1);
    await later(100);
    assert.equal(line.reports, []);
    line.connection.close(true);
    await eventually(() => peer.sockets.size === 0);
    assert.equal(line.reports, []);
  });

  test('a refused connection is lost once, with the reason', async () => {
    const peer = await Peer.tcp();
    const endpoint = peer.endpoint();
    await peer[Symbol.asyncDispose]();
    await using line = new Line(transport(), endpoint);
    const failure = await line.lost();
    assert.match(failure.details, /ECONNREFUSED/);
    assert.is(failure.tls, false);
    await later(300);
    assert.is(line.reports.length, 1);
  });

  test('a peer that speaks no HTTP/2 is lost, and so is its socket', async () => {
    await using peer = await Peer.tcp();
    await using line = new Line(transport(), peer.endpoint());
    await eventually(() => peer.sockets.size === 1);
    for (const socket of peer.sockets) socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
    await line.lost();
    await eventually(() => peer.sockets.size === 0);
  });

  test('a TLS handshake that fails is reported as such', async () => {
    await using peer = await Peer.http2();
    await using line = new Line(transport(), peer.endpoint(true));
    const failure = await line.lost();
    assert.is(failure.tls, true);
    assert.match(failure.details, /TLS/);
  });

  test('closing while it connects reports nothing', async () => {
    await using peer = await Peer.http2();
    const line = new Line(transport(), peer.endpoint());
    line.connection.close(true);
    await later(100);
    assert.equal(line.reports, []);
    await eventually(() => peer.sockets.size === 0);
  });
}
