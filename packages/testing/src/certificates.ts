import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** Paths of two PEM files. */
export interface CertificatePair {
  /** The path of the certificate, a PEM file. */
  readonly cert: string;
  /** The path of its private key, a PEM file. */
  readonly key: string;
}

/** A certificate authority of a test, and the certificates that it signs. All values are paths of PEM files. */
export interface TestAuthority {
  /** The path of its certificate, a PEM file. */
  readonly ca: string;
  /** Valid for 127.0.0.1, ::1 and localhost. */
  readonly server: CertificatePair;
  /** Valid only for `wrong.example`. */
  readonly wrongName: CertificatePair;
  /**
   * Makes a client certificate. With authentication on, etcd uses the common name as the user. It is valid for 30 days, or until
   * `notAfter`, to the second.
   */
  client(commonName: string, notAfter?: Date): Promise<CertificatePair>;
}

/** Certificates in a temporary folder. Close them, or use `await using`. */
export interface TestCertificates extends TestAuthority, AsyncDisposable {
  /** Another authority, with the same names, which is not trusted. */
  readonly rogue: TestAuthority;
  /** Removes the folder of the files. */
  close(): Promise<void>;
}

/** The error of `createCertificates` if `openssl` is not installed. A test may skip itself then. */
export class NoOpenssl extends Error {
  /** Always `NoOpenssl`. */
  override readonly name = 'NoOpenssl';
}

/** Makes two authorities with their certificates, with the `openssl` program. Rejects with {@link NoOpenssl} without it. */
export async function createCertificates(): Promise<TestCertificates> {
  const folder = await mkdtemp(join(tmpdir(), 'etcdts-certificates-'));
  const close = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const [trusted, rogue] = await Promise.all([createAuthority(folder, 'ca'), createAuthority(folder, 'rogue')]);
    return { ...trusted, rogue, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function createAuthority(folder: string, name: string): Promise<TestAuthority> {
  const authority = pair(folder, name);
  const own = ['-x509', '-days', '30', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
  await openssl('req', ...newKey(authority.key), '-subj', '/CN=etcdts test', ...own, '-out', authority.cert);
  let serial = 0;

  async function sign(commonName: string, alternatives?: string, notAfter?: Date): Promise<CertificatePair> {
    const signed = pair(folder, `${name}-${++serial}`);
    const request = `${signed.cert}.csr`;
    const extensions = `${signed.cert}.ext`;
    // Both uses are needed: if clients need certificates, etcd's gateway presents the server's own to the server.
    const lines = ['basicConstraints=CA:FALSE', 'extendedKeyUsage=serverAuth,clientAuth'];
    await writeFile(extensions, [...lines, ...(alternatives ? [`subjectAltName=${alternatives}`] : [])].join('\n'));
    await openssl('req', ...newKey(signed.key), '-subj', `/CN=${escapeName(commonName)}`, '-out', request);
    if (notAfter !== undefined) {
      await signUntil(notAfter, authority, { request, extensions, out: signed.cert, serial });
      return signed;
    }
    const issuer = ['-CA', authority.cert, '-CAkey', authority.key, '-set_serial', String(serial)];
    await openssl(
      'x509',
      '-req',
      '-in',
      request,
      ...issuer,
      '-days',
      '30',
      '-extfile',
      extensions,
      '-out',
      signed.cert,
    );
    return signed;
  }

  const server = await sign('localhost', 'IP:127.0.0.1,IP:::1,DNS:localhost');
  const wrongName = await sign('wrong.example', 'DNS:wrong.example');
  return { ca: authority.cert, server, wrongName, client: (name, notAfter) => sign(name, undefined, notAfter) };
}

/** Signs with an end to the second. `openssl x509` counts in days; `openssl ca` does not, but needs a file for each part. */
async function signUntil(
  notAfter: Date,
  authority: CertificatePair,
  { request, extensions, out, serial }: { request: string; extensions: string; out: string; serial: number },
): Promise<void> {
  const config = `${out}.cnf`;
  const [database, serials] = [`${out}.index`, `${out}.serial`];
  await writeFile(database, '');
  await writeFile(serials, String(serial).padStart(4, '0'));
  const lines = [`database=${database}`, `serial=${serials}`, `new_certs_dir=${dirname(out)}`, 'default_md=sha256'];
  const policy = ['policy=any', '[any]', 'commonName=supplied'];
  await writeFile(config, ['[ca]', 'default_ca=own', '[own]', ...lines, ...policy].join('\n'));
  // The form is 20291231235959Z.
  const end = notAfter.toISOString().replace(/[-T:]|\.\d+/g, '');
  const from = ['-cert', authority.cert, '-keyfile', authority.key, '-in', request, '-extfile', extensions];
  await openssl('ca', '-batch', '-notext', '-config', config, ...from, '-enddate', end, '-out', out);
}

function pair(folder: string, name: string): CertificatePair {
  return { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
}

function newKey(path: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', path];
}

/** Escapes characters that openssl reads as separators in a subject. */
function escapeName(name: string): string {
  return name.replace(/[\\/+=]/g, '\\$&');
}

async function openssl(command: string, ...args: string[]): Promise<void> {
  try {
    await promisify(execFile)('openssl', [command, ...args]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new NoOpenssl('certificates for tests need the openssl program', { cause: error });
  }
}
