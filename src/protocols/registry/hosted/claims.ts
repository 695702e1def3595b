/**
 * Which packages have their home here, by the config alone: nobody else is asked about them, and a PoP knows by the name whether
 * everybody may read one.
 */
import { MeridianError } from '../../../errors.ts';
import type { OriginDoor } from '../../../protocol.ts';
import type { Bounds, Stores } from '../../../store.ts';
import { matcher } from '../../patterns.ts';
import type { HostedOptions } from '../options.ts';

export interface Hosted extends Pick<HostedOptions, 'maxFileBytes'> {
  readonly bounds: Bounds;
  /** @param name in canonical form. */
  claims(name: string): boolean;
  isPublic(name: string): boolean;
}

export function openHosted({ names, public: open, maxFileBytes, quota }: HostedOptions): Hosted {
  return {
    maxFileBytes,
    bounds: { routeBytes: quota.bytes, packageBytes: quota.packageBytes, versions: quota.versions },
    claims: matcher(names),
    isPublic: matcher(open),
  };
}

/** What the origin lends to keep things for good. */
export function storesOf({ stores }: Pick<OriginDoor, 'stores'>): Stores {
  if (stores !== null) return stores;
  throw new MeridianError('internal', 'This origin has no store to keep packages in.');
}
