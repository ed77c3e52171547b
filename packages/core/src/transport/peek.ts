import { connect } from 'node:net';
import { tls } from '../late-modules.ts';
import type { Endpoint } from './endpoints.ts';

/** How long the peer has time to show its protocol. */
const PEEK_MS = 1_000;
/** The client's preface of HTTP/2 (RFC 9113, 3.4), and empty SETTINGS. */
const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
const SETTINGS = 4;

/**
 * Finds out whether a peer that has just broken off a connection speaks another protocol: `tls`, or `http2` without TLS. It opens
 * one connection, on which it sends nothing of the client's: no certificate and no call. etcd closes a connection of the wrong
 * kind without an error, and so does a balancer whose backend is down; only an attempt of the other kind distinguishes them.
 * Calls `done` once, later, unless the function that it returns is called first.
 */
export function peek(endpoint: Endpoint, protocol: 'tls' | 'http2', done: (speaks: boolean) => void): () => void {
  const { socketPath, ip = endpoint.host, port } = endpoint;
  const socket = connect(socketPath === undefined ? { host: ip, port } : { path: socketPath });
  const stop = (): void => {
    clearTimeout(timer);
    socket.destroy();
  };
  let settled = false;
  const settle = (speaks: boolean): void => {
    if (settled) return;
    settled = true;
    stop();
    done(speaks);
  };
  const timer = setTimeout(() => settle(false), PEEK_MS);
  socket.on('error', () => settle(false)).on('close', () => settle(false));
  if (protocol === 'tls') {
    // Nothing is sent over this connection, so that the peer's identity does not matter.
    const secured = tls().connect({ socket, ALPNProtocols: ['h2'], rejectUnauthorized: false });
    secured.on('secureConnect', () => settle(true));
    // A peer that speaks TLS may still refuse, for example because there is no client certificate.
    secured.on('error', (error) => settle(isTlsError(error) && !isNoTls(error)));
  } else {
    socket.on('connect', () => socket.write(PREFACE));
    socket.once('data', (data) => settle(data[3] === SETTINGS));
  }
  return () => {
    settled = true;
    stop();
  };
}

/** Whether an error of a handshake is one of TLS (a certificate, a version, an alert), and not of the network below it. */
export function isTlsError(error: NodeJS.ErrnoException): boolean {
  // Codes of the operating system's errors have no underscore: ECONNRESET, EPIPE. Node reports some errors of OpenSSL as EPROTO.
  return error.code !== undefined && (error.code === 'EPROTO' || !/^E[A-Z0-9]+$/.test(error.code));
}

/** Whether a handshake failed because the peer does not speak TLS. */
export function isNoTls({ code }: NodeJS.ErrnoException): boolean {
  return (
    code === 'ERR_SSL_WRONG_VERSION_NUMBER' ||
    code === 'ERR_SSL_HTTP_REQUEST' ||
    code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG'
  );
}
