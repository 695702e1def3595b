/**
 * The files of TLS, a part of the table in `schema.ts`: of listeners, and towards servers that are no nodes, which is the same
 * for the bus, key/value servers, the database and the bucket.
 */
import { resolve } from 'node:path';
import type { z } from 'zod';
import type { TlsFiles } from '../server-tls.ts';
import { group, path } from './kinds.ts';

export const serverTls = group(
  'Speaks TLS, and compares the name on the certificate with that of the address. Paths are relative to the config file.',
  {
    ca: path('PEM file with the authorities to trust.', 'those of the system').optional(),
    cert: path(
      'PEM file with the certificate to show, and its chain. Needs `key`.',
      'none is shown',
    ).optional(),
    key: path('PEM file with its private key.', 'none').optional(),
  },
);

export const listenerTls = group('Serves TLS with this certificate. Paths are relative to the config file.', {
  cert: path('PEM file with the certificate and its chain.'),
  key: path('PEM file with the private key.'),
  clientCa: path(
    'PEM file with authorities. Only who shows a certificate that one of them has signed can connect: for a listener that is meant for other nodes. Not with `http3`.',
    'whoever comes is let in',
  ).optional(),
});

/** To be spread into what the config says of a server: the same files with absolute paths. */
export function absoluteTls(tls: TlsFiles | undefined, configDir: string): { tls?: TlsFiles } {
  if (tls === undefined) return {};
  const named = Object.entries(tls).filter(([, file]) => file !== undefined);
  return { tls: Object.fromEntries(named.map(([part, file]) => [part, resolve(configDir, file)])) };
}

export function absoluteListenerTls(
  { cert, key, clientCa }: z.output<typeof listenerTls>,
  configDir: string,
): z.output<typeof listenerTls> {
  const own = { cert: resolve(configDir, cert), key: resolve(configDir, key) };
  return clientCa === undefined ? own : { ...own, clientCa: resolve(configDir, clientCa) };
}
