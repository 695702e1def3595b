/**
 * A node's listeners. A reload opens what is new before it closes what is gone, and does neither when
 * anything cannot be opened.
 */
import type { Clock } from '../clock.ts';
import type { ListenConfig, NodeConfig } from '../config/network.ts';
import { type Listener, listen } from '../http/listener.ts';
import type { Log } from '../telemetry/log.ts';

export interface Doors {
  readonly urls: readonly string[];
  pending(): number;
  /** Opens what `next` has and these do not. `commit` closes the rest, `abort` what was just opened. */
  prepare(next: NodeConfig): Promise<{ commit(): Promise<void>; abort(): Promise<void> }>;
  drain(graceMs: number): Promise<void>;
}

export interface DoorOptions {
  readonly handle: (request: Request, listener: Listener) => Response | Promise<Response>;
  readonly failed: (error: unknown) => Response;
  readonly clock: Clock;
  readonly log: Log;
  /** Other processes listen at the same addresses. */
  readonly shared: boolean;
}

interface Door {
  readonly config: ListenConfig;
  readonly listener: Listener;
}

export async function openDoors(config: NodeConfig, options: DoorOptions): Promise<Doors> {
  let open = await openAll(config.listen, config, options);
  return {
    get urls() {
      return open.map(({ listener }) => listener.url);
    },
    pending: () => open.reduce((sum, { listener }) => sum + listener.pending(), 0),

    async prepare(next) {
      const kept = open.filter((door) => next.listen.some((wanted) => same(door.config, wanted)));
      const added = next.listen.filter((wanted) => !open.some((door) => same(door.config, wanted)));
      for (const wanted of added) {
        const taken = open.find(({ config: { host, port } }) => host === wanted.host && port === wanted.port);
        if (taken)
          throw new Error(`how ${wanted.host}:${wanted.port} listens cannot change without a restart`);
      }
      // Before anything is opened: files that cannot be used are a reason to change nothing.
      await Promise.all(kept.map(({ listener }) => listener.reloadCertificates()));
      const opened = await openAll(added, next, options);
      return {
        async commit() {
          const gone = open.filter((door) => !kept.includes(door));
          open = [...kept, ...opened];
          await drainAll(gone, next.timeouts.drainMs);
        },
        abort: () => drainAll(opened, 0),
      };
    },

    drain: (graceMs) => drainAll(open, graceMs),
  };
}

async function openAll(
  wanted: readonly ListenConfig[],
  config: NodeConfig,
  { handle, failed, clock, log, shared }: DoorOptions,
): Promise<Door[]> {
  const opened: Door[] = [];
  try {
    for (const door of wanted) {
      const listener = await listen({
        ...door,
        reusePort: shared,
        trustedProxies: config.trustedProxies,
        idleTimeoutS: config.timeouts.idleS,
        bodyBytes: config.limits.bodyBytes,
        longestBodyBytes: config.limits.blobBytes,
        handle,
        failed,
        clock,
        log,
      });
      opened.push({ config: door, listener });
    }
  } catch (error) {
    await drainAll(opened, 0);
    throw error;
  }
  return opened;
}

async function drainAll(doors: readonly Door[], graceMs: number): Promise<void> {
  await Promise.all(doors.map(({ listener }) => listener.drain(graceMs)));
}

function same(a: ListenConfig, b: ListenConfig): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
