/**
 * What this node shows to other nodes, or a bucket, over `https:`, and which authorities it believes (`tls` of the node, or of the
 * bucket). Whoever asks takes what is current for each request: files that are replaced count for the connections that are
 * made from then on, and those that there are end as they would have.
 */
import type { Clock } from '../clock.ts';
import type { NodeConfig } from '../config/network.ts';
import { type ClientTls, pathsOf, readClientTls } from '../http/client/tls.ts';
import { watchFiles } from '../http/watch-files.ts';
import type { Log } from '../telemetry/log.ts';

export interface TierTls {
  /** For a request; `undefined` where the config says nothing. */
  readonly current: ClientTls | undefined;
  close(): void;
}

/** Fails, with a sentence that says which file is wrong in what way. */
export async function openTierTls(
  { tls }: Pick<NodeConfig, 'tls'>,
  { clock, log, to = 'other nodes' }: { readonly clock: Clock; readonly log: Log; readonly to?: string },
): Promise<TierTls> {
  if (tls === undefined) return { current: undefined, close() {} };
  let current = await readClientTls(tls);
  const watch = watchFiles({
    paths: pathsOf(tls),
    read: () => readClientTls(tls),
    inUse: current,
    clock,
    use(next) {
      current = next;
      log.info('changed certificate files are in use', { to, validTo: next.validTo });
    },
    unusable: (error) =>
      log.error('changed certificate files of `tls` cannot be used, so what there was stays', { to, error }),
  });
  return {
    get current() {
      return current;
    },
    close: () => watch.stop(),
  };
}
