/** TLS towards Redis, as the runtime's client takes it, which tells nothing of its failures. */
import type { Clock } from '../clock.ts';
import { speaksTls, type TlsFiles, type TlsPems } from '../server-tls.ts';
import { readTls } from './tls-files.ts';
import { explained } from './tls-probe.ts';

export interface RedisTls {
  /** To connect to. */
  readonly url: string;
  /** To be spread into the client's options. */
  readonly options: { readonly tls?: TlsPems };
}

export async function redisTls(url: string, files: TlsFiles | undefined): Promise<RedisTls> {
  if (!speaksTls(url, files)) return { url, options: {} };
  const tls = await readTls(files);
  const secure = url.replace(/^redis:/, 'rediss:');
  // The scheme alone asks for TLS; the client does not take a `tls` with nothing in it.
  return { url: secure, options: Object.keys(tls).length === 0 ? {} : { tls } };
}

/** Why it has not connected; the same error where TLS has nothing to do with it. */
export async function redisTlsFailure(
  error: unknown,
  { url, tls: files }: { readonly url: string; readonly tls?: TlsFiles | undefined },
  clock: Clock,
): Promise<unknown> {
  if (!speaksTls(url, files)) return error;
  const tls = await readTls(files).catch(() => null); // then that is what has failed, and `error` says so
  return tls === null
    ? error
    : explained(error, { url: new URL(url), port: 6379, greets: false, tls, clock });
}
