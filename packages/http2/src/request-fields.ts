import type { Metadata } from '@etcdts/core';
import { invalidArgument } from '@etcdts/core/plugin';

/** One header field of a request. */
export type RequestField = readonly [name: string, value: string];

const NAME = /^[0-9a-z_.-]+$/;
const PRINTABLE = /^[ -~]*$/;

/** These belong to a connection of HTTP/1 (RFC 9113, 8.2.2), or contradict what is sent (8.1.1). */
const FORBIDDEN = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'content-length',
]);

/** The transport sends its own, as grpc-js does. */
const REPLACED = new Set(['te', 'content-type', 'user-agent']);

/**
 * Makes header fields of a call's metadata: names in lower case, the bytes of a name that ends in `-bin` in base64 without padding
 * (gRPC's PROTOCOL-HTTP2, Requests). Names and values that HTTP/2 cannot carry are refused by name; values are not shown, as they may be
 * tokens.
 */
export function requestFields(metadata: Metadata): readonly RequestField[] {
  const fields: RequestField[] = [];
  for (const [key, value] of Object.entries(metadata)) {
    const name = key.toLowerCase();
    const argument = `metadata ${JSON.stringify(key)}`;
    if (!NAME.test(name)) throw invalidArgument(argument, 'is no name of a header');
    if (FORBIDDEN.has(name)) throw invalidArgument(argument, 'is a header that HTTP/2 does not have');
    if (REPLACED.has(name)) continue;
    for (const one of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
      fields.push([name, name.endsWith('-bin') ? binary(argument, one) : printable(argument, one)]);
    }
  }
  return fields;
}

function binary(argument: string, value: unknown): string {
  if (!(value instanceof Uint8Array))
    throw invalidArgument(argument, 'ends in -bin, and holds no bytes: pass a Buffer');
  return Buffer.from(value).toString('base64').replace(/=+$/, '');
}

/** Space at either end would be malformed (RFC 9113, 8.2.1); gRPC permits to strip it. */
function printable(argument: string, value: unknown): string {
  if (value instanceof Uint8Array) {
    throw invalidArgument(argument, 'holds bytes, which only a name that ends in -bin can carry');
  }
  if (typeof value !== 'string') throw invalidArgument(argument, 'holds a value that is no text');
  if (!PRINTABLE.test(value)) {
    throw invalidArgument(
      argument,
      'holds characters that are not printable ASCII: use a name that ends in -bin, and bytes',
    );
  }
  return value.trim();
}
