// Which header fields are malformed in any message (RFC 9113, 8.2).

// A token in lower case (RFC 9113, 8.2.1, and RFC 9110, 5.6.2).
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
// RFC 9113, 8.2.1. Space at either end would be malformed as well, but a server of gRPC sends a text that ends in one as it is.
// eslint-disable-next-line no-control-regex
const BAD_VALUE = /[\0\r\n]/;

/** The fields of a connection of HTTP/1 (RFC 9113, 8.2.2), which have no place in HTTP/2; beside them, `te` is for requests only. */
export const CONNECTION_FIELDS: readonly string[] = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
];

/** Whether it is the name of a field; a pseudo-header field is not. */
export function isFieldName(name: string): boolean {
  return NAME.test(name);
}

/** Whether it is the value of a field. */
export function isFieldValue(value: string): boolean {
  return !BAD_VALUE.test(value);
}
