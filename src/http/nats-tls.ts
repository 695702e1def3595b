/** TLS towards NATS, as the client library takes it, which tells of its failures in part. */
import type { Clock } from '../clock.ts';
import { speaksTls, type TlsFiles } from '../server-tls.ts';
import { readTls } from './tls-files.ts';
import { explained } from './tls-probe.ts';

/**
 * To be spread into the library's options. It takes `tls:` in an address for no more than `nats:`, and would do without TLS where
 * the server does.
 */
export function natsTls(servers: readonly string[], tls: TlsFiles | undefined) {
  if (!servers.some((server) => speaksTls(server, tls))) return {};
  return {
    tls: {
      ...(tls?.ca !== undefined && { caFile: tls.ca }),
      ...(tls?.cert !== undefined && { certFile: tls.cert }),
      ...(tls?.key !== undefined && { keyFile: tls.key }),
    },
  };
}

/** Why it has not connected, as far as the first server shows; the same error where TLS has nothing to do with it. */
export async function natsTlsFailure(
  error: unknown,
  servers: readonly string[],
  files: TlsFiles | undefined,
  clock: Clock,
): Promise<unknown> {
  const [first] = servers;
  if (first === undefined || !speaksTls(first, files)) return error;
  const tls = await readTls(files).catch(() => null); // then that is what has failed, and `error` says so
  return tls === null
    ? error
    : explained(error, { url: new URL(first), port: 4222, greets: true, tls, clock });
}
