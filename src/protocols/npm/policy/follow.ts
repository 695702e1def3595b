/**
 * Has everything purged that other terms have led to. Under which terms the caches have last been told about is written down, so that a change
 * that was made while the origin was down is seen when it starts.
 */
import type { OriginHome } from '../../../protocol.ts';
import type { Selector } from '../../../purge.ts';
import type { DocumentKey, MetadataStore } from '../../../store.ts';

export interface Follower {
  /** The terms are known, for the first time in this process. */
  read(feed: string): void;
  changed(selectors: readonly Selector[], feed: string): void;
}

/** A route without a policy, which it may have had before. */
export function beginWithoutPolicy(route: string, home: OriginHome): void {
  followChanges({ route, settings: '', home }).read('');
}

export function followChanges({
  route,
  settings,
  home: { stores, purge, warn },
}: {
  readonly route: string;
  readonly settings: string;
  readonly home: OriginHome;
}): Follower {
  const key: DocumentKey = ['npm-policy', route];
  const metadata: MetadataStore | null = stores?.metadata ?? null;
  let last = Promise.resolve();

  /** One after another, so that what is written down is the newest. */
  function next(task: () => Promise<void>): void {
    last = last.then(task).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      warn('what the policy has changed may be late at other nodes', { route, reason });
    });
  }

  async function tell(selectors: readonly Selector[], mark: string): Promise<void> {
    await purge(selectors, true);
    await metadata?.transact((transaction) => transaction.put(key, { mark }));
  }

  return {
    read(feed) {
      next(async () => {
        const mark = `${settings} ${feed}`;
        const known = (await metadata?.get(key))?.value;
        if (known === undefined && settings === '') return;
        if (Bun.deepEquals(known, { mark })) return;
        await tell([{ by: 'route', route }], mark);
      });
    },
    changed(selectors, feed) {
      if (selectors.length > 0) next(() => tell(selectors, `${settings} ${feed}`));
    },
  };
}
