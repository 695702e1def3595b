/**
 * Which names have their home here. By configuration, or because a package of that name has been published: either way
 * nobody else is asked about them any more, and nobody learns of them (dependency confusion).
 */
import { MeridianError } from '../../../errors.ts';
import type { OriginDoor } from '../../../protocol.ts';
import type { Bounds, Stores } from '../../../store.ts';
import { scopeOf } from '../path.ts';
import { packageKey } from './record.ts';

export interface HostedOptions {
  /** In lower case, each with its `@`. */
  readonly scopes: readonly string[];
  readonly names: readonly string[];
  /** Names that nobody claims may be published as well. */
  readonly others: boolean;
  /** Of packages whose publisher does not say it. */
  readonly access: 'public' | 'restricted';
  readonly quota?: Quota | undefined;
}

/** What may live here, in bytes of tarballs. */
export interface Quota {
  readonly bytes?: number | undefined;
  readonly scopeBytes?: number | undefined;
  readonly packageBytes?: number | undefined;
  /** Of one package. */
  readonly versions?: number | undefined;
}

export interface Hosted extends Pick<HostedOptions, 'others' | 'access'> {
  readonly route: string;
  readonly bounds: Bounds;
  /** By configuration. */
  claims(name: string): boolean;
  /** Whether a text holds a scope or a name that is claimed. */
  isMentionedIn(text: string): boolean;
}

export function openHosted(
  { scopes, names, others, access, quota: { bytes: routeBytes, ...quota } = {} }: HostedOptions,
  { route }: { readonly route: string },
): Hosted {
  const claimedScopes = new Set(scopes);
  const claimedNames = new Set(names);
  return {
    route,
    others,
    access,
    bounds: { routeBytes, ...quota },
    claims(name) {
      // Some registries take any case for the same name, so whoever claims one claims all of them.
      const lower = name.toLowerCase();
      const scope = scopeOf(lower);
      return claimedNames.has(lower) || (scope !== null && claimedScopes.has(scope));
    },
    isMentionedIn(text) {
      const lower = text.toLowerCase();
      return [...claimedScopes, ...claimedNames].some((claimed) => lower.includes(claimed));
    },
  };
}

/** What the origin lends to keep things for good. */
export function storesOf({ stores }: Pick<OriginDoor, 'stores'>): Stores {
  if (stores !== null) return stores;
  throw new MeridianError('internal', 'This origin has no store to keep packages in.');
}

/**
 * Whether the name is answered from here alone. Where the store cannot tell, it fails: what has been published must not be
 * looked for elsewhere.
 */
export async function livesHere(
  hosted: Hosted | null,
  name: string,
  origin: Pick<OriginDoor, 'stores'>,
): Promise<boolean> {
  if (hosted === null) return false;
  if (hosted.claims(name)) return true;
  return (await storesOf(origin).metadata.get(packageKey(hosted.route, name))) !== null;
}

/** Names that are looked up at once. */
const AT_ONCE = 64;

/** Of these names, those that others may be asked about. */
export async function withoutHosted(
  hosted: Hosted | null,
  names: readonly string[],
  origin: OriginDoor,
): Promise<ReadonlySet<string>> {
  const free = new Set<string>();
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const some = names.slice(at, at + AT_ONCE);
    const here = await Promise.all(some.map((name) => livesHere(hosted, name, origin)));
    for (const [index, name] of some.entries()) if (here[index] === false) free.add(name);
  }
  return free;
}
