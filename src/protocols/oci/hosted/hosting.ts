/** What a route with a home for images does besides answering: folders in and out, totals, and what goes by itself. */
import type { OriginDoor, Protocol } from '../../../protocol.ts';
import { holdingsOf } from './holdings.ts';
import type { Home } from './home.ts';
import { giveOut } from './layout/give-out.ts';
import { takeIn } from './layout/take-in.ts';
import { applyRetention } from './retention/retain.ts';
import { retireUnneeded } from './retire.ts';

/** @param purge `null` until the origin has begun. */
export function hostingOf(
  home: Home,
  purge: () => OriginDoor['purge'] | null,
): Required<Pick<Protocol, 'home' | 'holdings' | 'retire' | 'retain'>> {
  const { route, hosted, clock, teller, withdrawn } = home;
  const retaining = { route, hosted, clock, withdrawn };
  return {
    home: {
      layouts: ['oci'],
      takeIn: (folder, job) => takeIn(home, folder, job),
      giveOut: (folder, job) => giveOut(route, folder, job),
    },
    holdings: holdingsOf(route, hosted),
    async retire(job) {
      const purged = purge();
      if (purged === null) return;
      await teller.noting(
        applyRetention(retaining, { ...job, purge: purged, note: () => {}, dryRun: false }),
      );
      await teller.noting(retireUnneeded({ route, hosted, clock, purge: purged }, job));
    },
    retain: (job) => teller.noting(applyRetention(retaining, job)),
  };
}
