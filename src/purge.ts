/**
 * What a purge is about. Plain data, so that it can be written down, sent to other nodes, and carried out again
 * without harm.
 */

export type Selector =
  /** One cache key, with what is kept under it: its variants, its slices, its renderings (`covers` in `cache/purge`). */
  | { readonly by: 'key'; readonly key: string }
  /** Keys that begin with this text. */
  | { readonly by: 'prefix'; readonly prefix: string }
  /** Keys that match this text as a whole, where `*` stands for any text. */
  | { readonly by: 'glob'; readonly glob: string }
  /** Entries that bear this tag: a protocol's own, or one of the response's `Cache-Tag` or `Surrogate-Key`. */
  | { readonly by: 'tag'; readonly tag: string }
  /** Entries that bear a tag that matches this text as a whole, where `*` stands for any text. */
  | { readonly by: 'tag-glob'; readonly glob: string }
  /** Entries of a route whose response named this group in `Cache-Groups` (RFC 9875). */
  | { readonly by: 'group'; readonly route: string; readonly group: string }
  | { readonly by: 'route'; readonly route: string }
  | { readonly by: 'all' };

export interface Purge {
  readonly selector: Selector;
  /**
   * Soft: what is purged counts as stale from now on. It may still be served while one request revalidates it, or when
   * the parent fails, within the times that it allows itself. Hard: it is gone.
   */
  readonly soft: boolean;
  /**
   * Nothing is known against it, but a purge of it may have been missed: it is not served while it is revalidated, either.
   * Only with `soft`.
   */
  readonly suspect?: boolean;
}

/** What became of a purge. */
export interface Purged {
  /** The purge's place among all of this node: later ones have a higher one, also after a restart. */
  readonly sequence: number;
  /** Where it is written down: one that only memory knows does not survive the process. */
  readonly recorded: 'disk' | 'memory';
}
