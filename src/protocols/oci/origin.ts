/** What the origin has of a route for containers, besides its stores. */
import type { FreshnessPolicy } from '../../resource.ts';
import type { Ahead } from './ahead.ts';
import type { Sources } from './sources.ts';
import type { Tokens } from './tokens.ts';

export interface OciOrigin {
  readonly route: string;
  readonly sources: Sources;
  readonly tokens: Tokens;
  readonly ahead: Ahead;
  /** How long a tag, and lists, are used without asking. */
  readonly metadata: FreshnessPolicy;
}
