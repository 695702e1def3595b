/**
 * A node's admin listener over its life: opened where the config has one, moved or closed when a reload says otherwise.
 */
import type { NodeConfig } from '../config/network.ts';
import { type Admin, type AdminOptions, serveAdmin } from '../control/admin.ts';
import { type TrustedProxies, trustedProxies } from '../http/forwarded.ts';
import type { Log } from '../telemetry/log.ts';

export interface AdminDoor {
  /** `undefined`: the config has none. */
  readonly url: string | undefined;
  /** After a reload. An address that cannot be had is logged, and what was open stays. */
  follow(config: NodeConfig | undefined): Promise<void>;
  close(): Promise<void>;
}

/** Fails when the address cannot be had. */
export function openAdminDoor(
  config: NodeConfig | undefined,
  own: Pick<AdminOptions, 'metrics' | 'unready' | 'visit'>,
  log: Log,
): AdminDoor {
  function open(wanted: NodeConfig | undefined): Admin | null {
    if (wanted?.admin === undefined) return null;
    const { name, role, admin } = wanted;
    return serveAdmin({ ...admin, about: { node: name, role }, ...own, proxies: () => proxies });
  }
  let proxies = proxiesOf(config);
  let current = open(config);
  let settings = config?.admin;

  return {
    get url() {
      return current?.url;
    },
    async follow(next) {
      proxies = proxiesOf(next);
      if (Bun.deepEquals(next?.admin, settings)) return;
      try {
        const opened = open(next);
        settings = next?.admin;
        await current?.close();
        current = opened;
      } catch (error) {
        log.error('the admin listener stays where it was', { wanted: next?.admin, error });
      }
    },
    close: async () => current?.close(),
  };
}

/** The same that are believed about clients. */
function proxiesOf(config: NodeConfig | undefined): TrustedProxies | null {
  if (config === undefined || config.trustedProxies.length === 0) return null;
  return trustedProxies(config.trustedProxies, config.forwardingField);
}
