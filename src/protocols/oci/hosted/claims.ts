/**
 * Which repositories have their home here, by the config alone: nobody else is asked about them, and a PoP knows by the name whether
 * everybody may read one.
 */
import { MeridianError } from '../../../errors.ts';
import type { OriginDoor } from '../../../protocol.ts';
import type { Bounds, Stores } from '../../../store.ts';

export interface HostedOptions {
  /** In each of these lists, `*` stands for any text. */
  readonly names: readonly string[];
  /** Repositories that all may read who may read the route. */
  readonly public: readonly string[];
  /** Tags that stay what they are. */
  readonly immutableTags: readonly string[];
  readonly maxBlobBytes: number;
  /** How long a blob is kept that no manifest of its repository names. */
  readonly keepUnneededS: number;
  readonly quota?: Quota | undefined;
}

/** What may live here. */
export interface Quota {
  readonly bytes?: number | undefined;
  readonly repositoryBytes?: number | undefined;
  /** Of one repository. */
  readonly manifests?: number | undefined;
}

export interface Hosted extends Pick<HostedOptions, 'maxBlobBytes' | 'keepUnneededS'> {
  readonly bounds: Bounds;
  /** Never what begins with a source. */
  claims(name: string): boolean;
  isPublic(name: string): boolean;
  isImmutable(tag: string): boolean;
}

/** @param sources names of the registries that are pulled from, which their repositories begin with. */
export function openHosted(options: HostedOptions, sources: readonly string[]): Hosted {
  const isNamed = matcher(options.names);
  const elsewhere = new Set(sources);
  const { maxBlobBytes, keepUnneededS, quota = {} } = options;
  return {
    maxBlobBytes,
    keepUnneededS,
    bounds: {
      routeBytes: quota.bytes,
      packageBytes: quota.repositoryBytes,
      versions: quota.manifests,
    },
    claims: (name) => !elsewhere.has(name.slice(0, Math.max(0, name.indexOf('/')))) && isNamed(name),
    isPublic: matcher(options.public),
    isImmutable: matcher(options.immutableTags),
  };
}

function matcher(patterns: readonly string[]): (text: string) => boolean {
  const all = patterns.map((pattern) => {
    const pieces = pattern.split('*').map((piece) => piece.replace(/[^a-zA-Z0-9_/]/g, '\\$&'));
    return new RegExp(`^${pieces.join('.*')}$`);
  });
  return (text) => all.some((pattern) => pattern.test(text));
}

/** What the origin lends to keep things for good. */
export function storesOf({ stores }: Pick<OriginDoor, 'stores'>): Stores {
  if (stores !== null) return stores;
  throw new MeridianError('internal', 'This origin has no store to keep images in.');
}
