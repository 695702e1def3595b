/** A certificate for localhost, made anew for each run and shared by all servers under test. */
import { join } from 'node:path';
import { capture } from './process.ts';

export interface Certificate {
  /** Absolute paths of PEM files. */
  readonly cert: string;
  readonly key: string;
}

/** P-256, as nearly every public certificate that is issued today can be. */
export async function makeCertificate(directory: string): Promise<Certificate> {
  const cert = join(directory, 'cert.pem');
  const key = join(directory, 'key.pem');
  await capture(
    ...[
      'openssl',
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
    ],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
    ...['-keyout', key, '-out', cert],
  );
  return { cert, key };
}
