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
  const made = Bun.spawn(['openssl', 'req', ...kind, ...subject, '-keyout', files.key, '-out', files.cert], {
    stdout: 'ignore',
    stderr: 'pipe',
  });
  const [code, complaint] = await Promise.all([made.exited, made.stderr.text()]);
  if (code !== 0) throw new Error(`openssl req ended with ${code}: ${complaint}`);
  return files;
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
