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
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '13'];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  await openssl(['req', ...kind, ...subject, '-keyout', files.key, '-out', files.cert]);
  return files;
}

export interface TestAuthority {
  /** Path of its certificate. */
  readonly ca: string;
  /** A certificate for localhost and 127.0.0.1 that it has signed. */
  issue(name: string): Promise<TestCertificate>;
}

/** An authority of its own, in `folder`, with what it issues. */
export async function makeAuthority(folder: string, name: string): Promise<TestAuthority> {
  const own = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  const make = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await openssl([
    ...make,
    '-x509',
    '-days',
    '13',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    own.key,
    '-out',
    own.cert,
  ]);
  return {
    ca: own.cert,
    async issue(subject) {
      const files = { cert: join(folder, `${subject}.pem`), key: join(folder, `${subject}.key`) };
      const [request, fields] = [join(folder, `${subject}.csr`), join(folder, `${subject}.ext`)];
      await openssl([...make, '-subj', `/CN=${subject}`, '-keyout', files.key, '-out', request]);
      await Bun.write(fields, 'subjectAltName=DNS:localhost,IP:127.0.0.1');
      const sign = ['-CA', own.cert, '-CAkey', own.key, '-CAcreateserial', '-days', '13', '-extfile', fields];
      await openssl(['x509', '-req', '-in', request, ...sign, '-out', files.cert]);
      return files;
    },
  };
}

async function openssl(args: readonly string[]): Promise<void> {
  const made = Bun.spawn(['openssl', ...args], { stdout: 'ignore', stderr: 'pipe' });
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
