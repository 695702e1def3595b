/**
 * A certificate and its key, read from two PEM files that somebody else replaces every few weeks while we serve.
 *
 * The files are looked at every few seconds rather than watched: what watching reports depends on how a file is
 * replaced (written over, renamed, a symbolic link two folders up moved, as in a mounted Kubernetes secret), and
 * on some file systems it reports nothing.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Clock } from '../../clock.ts';

/** Paths of PEM files: the certificate with its chain, and the private key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** When it stops being valid, for the log. */
  readonly validTo: string;
  /** Changes whenever one of the files does. */
  readonly stamp: string;
}

/** Fails, with a sentence that says which file is wrong in what way, unless the two belong together. */
export async function readCertificate(files: CertificateFiles): Promise<Certificate> {
  const stamp = await stampOf(files);
  const [cert, key] = await Promise.all([read(files.cert), read(files.key)]);
  const certificate = parse(files.cert, 'certificate', () => new X509Certificate(cert));
  const privateKey = parse(files.key, 'private key', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new Error(`the key in ${files.key} does not belong to the certificate in ${files.cert}`);
  }
  return { cert, key, stamp, validTo: certificate.validTo };
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

/** Which version of the two files is there; `missing` when one is not. */
async function stampOf({ cert, key }: CertificateFiles): Promise<string> {
  try {
    const files = await Promise.all([stat(cert), stat(key)]);
    return files.map(({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`).join(', ');
  } catch {
    return 'missing'; // A version like any other: reading it will say which file, and why.
  }
}

/** How often the files are looked at. */
export const pollMs = 5_000;

export interface CertificateWatch {
  /** Looks now, and takes what it finds. Fails when that cannot be used. */
  check(): Promise<void>;
  stop(): void;
}

export interface WatchOptions {
  readonly files: CertificateFiles;
  /** What is in use when the watch begins. */
  readonly inUse: Certificate;
  readonly clock: Clock;
  /** Takes a new certificate into use. */
  readonly use: (certificate: Certificate) => void;
  /** Told once per version of the files that cannot be used. */
  readonly unusable: (error: unknown) => void;
}

/**
 * Takes changed files into use. A renewal writes two files one after the other, so a change counts when it has
 * lasted from one look to the next.
 */
export function watchCertificate({ files, inUse, clock, use, unusable }: WatchOptions): CertificateWatch {
  let used = inUse.stamp;
  /** The version that was last taken, or found wanting. */
  let settled = used;
  let seen = used;
  let cancel = clock.after(pollMs, look);
  let stopped = false;

  async function take(stamp: string): Promise<void> {
    settled = stamp;
    const certificate = await readCertificate(files);
    settled = certificate.stamp;
    if (stopped) return;
    use(certificate);
    used = certificate.stamp;
  }

  async function poll(): Promise<void> {
    const stamp = await stampOf(files);
    const lasted = stamp === seen;
    seen = stamp;
    if (lasted && stamp !== settled) await take(stamp);
  }

  function look(): void {
    void poll().catch(unusable).then(lookAgain);
  }

  function lookAgain(): void {
    if (!stopped) cancel = clock.after(pollMs, look);
  }

  return {
    async check() {
      const stamp = await stampOf(files);
      if (stamp !== used) await take(stamp);
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
}
