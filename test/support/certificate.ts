/** Certificates for tests: made by the machine's openssl when they are needed, since any that were kept would expire. */
import { join } from 'node:path';

export interface TestCertificate {
  /** Paths of PEM files. */
  readonly cert: string;
  readonly key: string;
}

/** Why none can be made, or `null`. For `available('openssl', …)`. */
export const noOpenssl = Bun.which('openssl') === null ? 'it is not installed' : null;

/** A self-signed certificate for 127.0.0.1 and localhost, in `folder`, that bears this name. */
export async function makeCertificate(folder: string, name = 'one'): Promise<TestCertificate> {
  const files = { cert: join(folder, `${name}.cert.pem`), key: join(folder, `${name}.key.pem`) };
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${ourNames}`];
  await openssl('req', '-x509', ...newKey, ...subject, '-keyout', files.key, '-out', files.cert);
  return files;
}

/** An authority that nobody knows but who is told of it. */
export interface TestAuthority {
  /** Path of a PEM file. */
  readonly ca: string;
  /** @param names as OpenSSL writes alternative names; without them, those of this machine. */
  issue(name: string, names?: string): Promise<TestCertificate>;
}

export async function makeAuthority(folder: string, name: string): Promise<TestAuthority> {
  const { cert: ca, key: caKey } = await makeCertificate(folder, name);
  return {
    ca,
    async issue(subject, names = ourNames) {
      const file = (ending: string) => join(folder, `${name}.${subject}.${ending}`);
      const [request, extensions, cert, key] = ['csr', 'ext', 'cert.pem', 'key.pem'].map(file) as [
        string,
        string,
        string,
        string,
      ];
      await openssl('req', ...newKey, '-subj', `/CN=${subject}`, '-keyout', key, '-out', request);
      await Bun.write(extensions, `subjectAltName=${names}\n`);
      const signed = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-extfile', extensions];
      await openssl('x509', '-req', '-in', request, ...signed, '-days', '13', '-out', cert);
      return { cert, key };
    },
  };
}

const ourNames = 'DNS:localhost,IP:127.0.0.1';
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '13'];

async function openssl(...args: readonly string[]): Promise<void> {
  const made = Bun.spawn(['openssl', ...args], { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' });
  const [code, complaint] = await Promise.all([made.exited, made.stderr.text()]);
  if (code !== 0) throw new Error(`openssl ${args[0]} ended with ${code}: ${complaint}`);
}

/** The name on the certificate that is shown at a port, as `openssl s_client` sees it, and the TLS version. */
export async function shownCertificate(
  port: number,
  options: readonly string[] = [],
): Promise<{ name: string | undefined; version: string | undefined }> {
  const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'localhost', ...options];
  const client = Bun.spawn(['openssl', ...args], { stdin: 'ignore', stdout: 'pipe', stderr: 'ignore' });
  const output = await client.stdout.text();
  return {
    name: /^subject=.*CN ?= ?(.*)$/m.exec(output)?.[1],
    version: /^New, (TLSv[\d.]+), Cipher is (?!\(NONE\))/m.exec(output)?.[1],
  };
}
