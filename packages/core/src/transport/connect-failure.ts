import type { Endpoint } from './endpoints.ts';
import { isNoTls, isTlsError, peek } from './peek.ts';
import type { ConnectFailure } from './transport.ts';

/** How an attempt to connect has ended, for {@link explainFailure}. */
export interface BrokenAttempt {
  /** Where the attempt went. */
  readonly endpoint: Endpoint;
  /** Whether the peer had accepted the connection, so that another protocol may be the reason. */
  readonly reached: boolean;
  /** The error of the TLS handshake, if that failed. */
  readonly tlsError: Error | undefined;
  /** The reason in words, if there is no error of TLS. */
  readonly details: string;
}

/**
 * Finds out why an attempt to connect failed, and calls `done` once, now or later: for a connection that was lost before it was
 * ready. Returns a function that stops the wait.
 *
 * It is a failure of TLS only if TLS itself failed: certificates, versions, or a peer that does not speak TLS. A connection that
 * is closed or reset during the handshake is a failure of the network; a balancer whose backend is down does that. A peer that
 * breaks off is tried once with the other protocol, for at most a second; nothing of the client's is sent. `peeked` holds the
 * addresses at which that found nothing, so that an endpoint that is down is not tried twice each time; a transport has one set.
 */
export function explainFailure(
  { endpoint, reached, tlsError, details }: BrokenAttempt,
  peeked: Set<string>,
  done: (failure: ConnectFailure) => void,
): () => void {
  const { secure } = endpoint;
  const plain: ConnectFailure = {
    details: 'TLS handshake failed: the server does not speak TLS: use http://',
    tls: true,
    cause: tlsError,
  };
  let failure: ConnectFailure = { details, tls: false };
  if (tlsError !== undefined) {
    if (isNoTls(tlsError)) failure = plain;
    else if (isTlsError(tlsError)) {
      failure = { details: `TLS handshake failed: ${reasonOf(tlsError)}`, tls: true, cause: tlsError };
    } else failure = { details: `the TLS handshake was broken off: ${tlsError.message}`, tls: false, cause: tlsError };
  }
  const at = `${endpoint.address} ${endpoint.ip ?? ''}`;
  if (failure.tls || !reached || peeked.has(at)) {
    done(failure);
    return () => {};
  }
  peeked.add(at);
  return peek(endpoint, secure ? 'http2' : 'tls', (speaks) => {
    if (!speaks) return done(failure);
    peeked.delete(at);
    done(secure ? plain : { details: 'the server speaks TLS: use https://', tls: false });
  });
}

/** The reason of an error. An error of OpenSSL is shown without its position in OpenSSL's source. */
function reasonOf(error: Error & { readonly reason?: unknown }): string {
  return typeof error.reason === 'string' ? error.reason : error.message;
}
