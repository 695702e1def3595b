/**
 * Certificates and their keys, read from PEM files that somebody else replaces every few weeks while we run: what a
 * listener shows, and what this node shows to others.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { type FileWatch, stampOf, type WatchOptions, watchFiles } from './watch-files.ts';

export { pollMs } from './watch-files.ts';

/** Paths of PEM files: the certificate with its chain, and the private key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  /** Authorities: whoever connects must have a certificate that one of them has signed. */
  readonly clientCa?: string | undefined;
}

export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string | undefined;
  /** When it stops being valid, for the log. */
  readonly validTo: string;
  /** Changes whenever one of the files does. */
  readonly stamp: string;
}

/** Fails, with a sentence that says which file is wrong in what way, unless they belong together. */
export async function readCertificate(files: CertificateFiles): Promise<Certificate> {
  const stamp = await stampOf(pathsOf(files));
  const clientCa = files.clientCa && (await readAuthorities(files.clientCa));
  return { ...(await readPair(files)), ...(clientCa && { clientCa }), stamp };
}

/** The certificate and its key, in PEM. */
export async function readPair(files: Pick<CertificateFiles, 'cert' | 'key'>) {
  const [cert, key] = await Promise.all([read(files.cert), read(files.key)]);
  const certificate = parse(files.cert, 'certificate', () => new X509Certificate(cert));
  const privateKey = parse(files.key, 'private key', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new Error(`the key in ${files.key} does not belong to the certificate in ${files.cert}`);
  }
  return { cert, key, validTo: certificate.validTo };
}

/** Certificates of authorities, in PEM. */
export async function readAuthorities(path: string): Promise<string> {
  const text = await read(path);
  parse(path, 'certificate', () => new X509Certificate(text));
  return text;
}

async function read(path: string): Promise<string> {
  try {
    return await Bun.file(path).text();
  } catch (error) {
    throw new Error(`cannot read ${path}`, { cause: error });
  }
}

function parse<T>(path: string, what: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new Error(`${path} holds no ${what} that can be used`, { cause: error });
  }
}

type CertificateWatchOptions = Omit<WatchOptions<Certificate>, 'paths' | 'read'> & {
  readonly files: CertificateFiles;
};

export function watchCertificate({ files, ...options }: CertificateWatchOptions): FileWatch {
  return watchFiles({ ...options, paths: pathsOf(files), read: () => readCertificate(files) });
}

function pathsOf({ cert, key, clientCa }: CertificateFiles): string[] {
  return clientCa === undefined ? [cert, key] : [cert, key, clientCa];
}
