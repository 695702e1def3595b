/** What the pulling half of this protocol works with; made once per route, at the origin. */
import type { Clock } from '../../clock.ts';
import type { FreshnessPolicy } from '../../resource.ts';
import type { Budget } from '../budget.ts';
import type { LastLooks } from '../last-looks.ts';
import type { ReadDocument } from './canonical.ts';
import type { Derivations } from './derivations.ts';
import type { Deriver } from './deriver.ts';
import type { FreshChoices } from './foresight/choices.ts';
import type { Catalogue } from './hosted/catalogue.ts';
import type { Hosted } from './hosted/claims.ts';
import type { Outlines } from './outlines.ts';
import type { Policy } from './policy/policy.ts';
import type { Remotes } from './remotes.ts';

/** How much is mirrored, in bytes of tarballs, and how long what nobody wants is kept. */
export interface MirrorOptions {
  readonly bytes?: number | undefined;
  readonly keepUnusedS?: number | undefined;
}

export interface NpmOrigin {
  readonly route: string;
  /** Path prefix of the route; empty at the root. */
  readonly prefix: string;
  /** What lives here; `null` where nothing can be published. */
  readonly hosted: Hosted | null;
  readonly mirror: MirrorOptions;
  /** The packages among that. */
  readonly catalogue: Catalogue;
  /** What is asked of packages that are pulled through; `null`: nothing. */
  readonly policy: Policy | null;
  readonly metadata: FreshnessPolicy;
  readonly maxPackumentBytes: number;
  readonly remotes: Remotes;
  readonly deriver: Deriver;
  readonly derivations: Derivations;
  /** Choices that have just been made along with documents, by package, until they are stored. */
  readonly freshChoices: Map<string, FreshChoices>;
  readonly outlines: Outlines;
  readonly lastLooks: LastLooks<ReadDocument>;
  readonly budget: Budget;
  readonly clock: Clock;
  /** To the log of the origin. */
  warn(message: string, fields: Record<string, unknown>): void;
}
