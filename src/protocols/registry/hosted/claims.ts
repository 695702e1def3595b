/**
 * Which packages have their home here, by the config alone: nobody else is asked about them, and a PoP knows by the name whether
 * everybody may read one.
 */
import { MeridianError } from '../../../errors.ts';
import type { OriginDoor } from '../../../protocol.ts';
import type { Bounds, Stores } from '../../../store.ts';
import type { HostedOptions } from '../options.ts';
import { nameMatcher } from '../patterns.ts';

export interface Hosted extends Pick<HostedOptions, 'maxFileBytes'> {
  readonly bounds: Bounds;
  /** @param name in canonical form. */
  claims(name: string): boolean;
  isPublic(name: string): boolean;
}

/** @param canonical one for all spellings of a name. */
export function openHosted(
  { names, public: open, maxFileBytes, quota }: HostedOptions,
  canonical: (name: string) => string = (name) => name,
): Hosted {
  return {
    maxFileBytes,
    bounds: { routeBytes: quota.bytes, packageBytes: quota.packageBytes, versions: quota.versions },
    claims: nameMatcher(names, canonical),
    isPublic: nameMatcher(open, canonical),
  };
}

/** What the origin lends to keep things for good. */
export function storesOf({ stores }: Pick<OriginDoor, 'stores'>): Stores {
  if (stores !== null) return stores;
  throw new MeridianError('internal', 'This origin has no store to keep packages in.');
}
