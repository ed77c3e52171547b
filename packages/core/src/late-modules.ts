// Modules of Node that are loaded on first use. An import would make a namespace of them at the start of the process, for which Node
// reads every export; tls.rootCertificates and crypto.webcrypto alone take milliseconds.

/** `node:crypto`. */
export function crypto(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto');
}

/** `node:fs/promises`. */
export function fs(): typeof import('node:fs/promises') {
  return process.getBuiltinModule('node:fs/promises');
}

/** `node:tls`. */
export function tls(): typeof import('node:tls') {
  return process.getBuiltinModule('node:tls');
}
