/** What the origin has of a route for containers, besides its stores. */
import type { FreshnessPolicy } from '../../resource.ts';
import type { Ahead } from './ahead.ts';
import type { Digest } from './digest.ts';
import type { Sources } from './sources.ts';
import type { Tokens } from './tokens.ts';

export interface OciOrigin {
  readonly route: string;
  readonly sources: Sources;
  readonly tokens: Tokens;
  readonly ahead: Ahead;
  /**
   * A tag stands for this manifest, which is read next: whoever judges that has to know. Absent: nobody does.
   * @returns whether that may lead to another verdict than what is stored.
   */
  readonly met?: ((name: string, tag: string, digest: Digest) => Promise<boolean>) | undefined;
  /** How long a tag, and lists, are used without asking. */
  readonly metadata: FreshnessPolicy;
}
