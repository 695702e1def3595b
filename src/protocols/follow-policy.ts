/**
 * Has everything purged that other terms have led to. Under which terms the caches have last been told about is written down, so that a change
 * that was made while the origin was down is seen when it starts.
 */
import type { OriginHome } from '../protocol.ts';
import type { Selector } from '../purge.ts';
import type { DocumentKey, MetadataStore } from '../store.ts';

export interface Follower {
  /** The terms are known, for the first time in this process. */
  read(feed: string): void;
  changed(selectors: readonly Selector[], feed: string): void;
}

/** What any change of the config is about; hard: it is not served once more, either. */
export interface Concerned {
  readonly soft: readonly Selector[];
  readonly hard: readonly Selector[];
}

/** A route without a policy, which it may have had before. */
export function beginWithoutPolicy(following: Omit<Following, 'settings'>): void {
  followChanges({ ...following, settings: '' }).read('');
}

interface Following {
  /** The first word of the key of what is written down, such as `npm-policy`. */
  readonly documents: string;
  readonly route: string;
  /** The same for the same rules; empty: none. */
  readonly settings: string;
  readonly concerned: Concerned;
  readonly home: OriginHome;
}

export function followChanges({
  documents,
  route,
  settings,
  concerned,
  home: { stores, purge, warn },
}: Following): Follower {
  const key: DocumentKey = [documents, route];
  const metadata: MetadataStore | null = stores?.metadata ?? null;
  let last = Promise.resolve();

  /** One after another, so that what is written down is the newest. */
  function next(task: () => Promise<void>): void {
    last = last.then(task).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      warn('what the policy has changed may be late at other nodes', { route, reason });
    });
  }

  async function tell({ soft, hard }: Concerned, mark: string): Promise<void> {
    if (hard.length > 0) await purge(hard);
    if (soft.length > 0) await purge(soft, true);
    await metadata?.transact((transaction) => transaction.put(key, { mark }));
  }

  return {
    read(feed) {
      next(async () => {
        const mark = `${settings} ${feed}`;
        const known = (await metadata?.get(key))?.value;
        if (known === undefined && settings === '') return;
        if (Bun.deepEquals(known, { mark })) return;
        await tell(concerned, mark);
      });
    },
    changed(selectors, feed) {
      if (selectors.length > 0) next(() => tell({ soft: selectors, hard: [] }, `${settings} ${feed}`));
    },
  };
}
