/** Reads what `tls` in the config names. Each time that it is needed: a certificate may have been renewed. */
import type { TlsFiles, TlsPems } from '../server-tls.ts';

export async function readTls(files: TlsFiles | undefined): Promise<TlsPems> {
  const named = Object.entries(files ?? {}).filter(([, path]) => path !== undefined);
  const read = named.map(async ([part, path]) => [part, await Bun.file(path).text()] as const);
  return Object.fromEntries(await Promise.all(read));
}
