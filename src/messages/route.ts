/** A route of the network, as the API tells it. */
import { z } from 'zod';

export const shownRoute = z.object({
  name: z.string(),
  /** `npm`, `web`. */
  protocol: z.string(),
  /** Where its addresses begin, without a slash at the end; empty: at the root. */
  path: z.string(),
  /** Hosts that it is for; none: all. */
  hosts: z.array(z.string()).readonly(),
  /** `open`: everybody may read it. */
  access: z.enum(['open', 'closed']),
  /** A supply-chain policy says what of it may be used: `/policies/:route`. */
  hasPolicy: z.boolean(),
});
export type ShownRoute = z.output<typeof shownRoute>;

/** The network's own: its API. What is asked of it is no traffic of clients, and counts in no hit ratio. */
export const systemRoute = 'meridian';
/** Where PoPs ask what their clients ask for next. */
export const aheadRoute = 'meridian-ahead';

/** What nodes ask of each other for themselves. */
export function isOwnRoute(name: string | undefined): boolean {
  return name === systemRoute || name === aheadRoute;
}
