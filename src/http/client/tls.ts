/**
 * What a client shows over `https:`, and whom it believes: its certificate, and private authorities. For servers that
 * a public authority vouches for, and that ask for no certificate, none of it is needed.
 */
import { readAuthorities, readPair } from '../certificates.ts';
import { stampOf } from '../watch-files.ts';

/** Paths of PEM files; the first two go together. */
export interface ClientTlsFiles {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Instead of the authorities that the system knows. */
  readonly ca?: string | undefined;
}

export interface ClientTls {
  /** Equal for equal content: only requests with the same one share a connection. */
  readonly id: string;
  /** In PEM. */
  readonly options: { readonly cert?: string; readonly key?: string; readonly ca?: string };
  /** Changes whenever one of the files does. */
  readonly stamp: string;
  /** When the certificate stops being valid, for the log. */
  readonly validTo: string | null;
}

/** Fails, with a sentence that says which file is wrong in what way. */
export async function readClientTls(files: ClientTlsFiles): Promise<ClientTls> {
  const { cert, key, ca } = files;
  const stamp = await stampOf(pathsOf(files));
  const pair = cert !== undefined && key !== undefined ? await readPair({ cert, key }) : null;
  const options = {
    ...(pair && { cert: pair.cert, key: pair.key }),
    ...(ca !== undefined && { ca: await readAuthorities(ca) }),
  };
  const id = new Bun.CryptoHasher('sha256').update(JSON.stringify(options)).digest('base64url');
  return { id, options, stamp, validTo: pair?.validTo ?? null };
}

export function pathsOf({ cert, key, ca }: ClientTlsFiles): string[] {
  return [cert, key, ca].filter((path) => path !== undefined);
}
