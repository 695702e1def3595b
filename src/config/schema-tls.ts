/** TLS towards servers that are not HTTP, a part of the table in `schema.ts`: the same for the bus, key/value servers and the database. */
import { resolve } from 'node:path';
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

/** To be spread into what the config says of a server: the same files with absolute paths. */
export function absoluteTls(tls: TlsFiles | undefined, configDir: string): { tls?: TlsFiles } {
  if (tls === undefined) return {};
  const named = Object.entries(tls).filter(([, file]) => file !== undefined);
  return { tls: Object.fromEntries(named.map(([part, file]) => [part, resolve(configDir, file)])) };
}
