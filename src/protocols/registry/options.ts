/** What the config says of a route for packages: the same for every ecosystem that is made by `registry.ts`. */
import type { FreshnessPolicy } from '../../resource.ts';
import type { PolicyOptions } from './policy/options.ts';

export interface RegistryOptions {
  /** In order of preference. Only the origin uses them; elsewhere they come without credentials. */
  readonly upstreams: readonly UpstreamOptions[];
  /** What lives here rather than at an upstream; `null`: nothing. */
  readonly hosted: HostedOptions | null;
  /** What is asked of packages that are pulled through; `null`: nothing. */
  readonly policy: PolicyOptions | null;
  readonly mirror: MirrorOptions;
  /** What is fetched before somebody asks for it. */
  readonly ahead: { readonly atOnce: number };
  /** How long indexes are fresh, at most. */
  readonly metadata: FreshnessPolicy;
  /** Longest index that is accepted from an upstream. */
  readonly maxIndexBytes: number;
}

export interface UpstreamOptions {
  /** Where several stand side by side (apt's archives): the first segment of the path. Absent: one after the other. */
  readonly name?: string | undefined;
  /** Absolute URL, of what `title` of the ecosystem says. */
  readonly url: string;
  /** Value of the `Authorization` field for this upstream alone. */
  readonly authorization?: string | undefined;
  /** Names that are asked for here and nowhere else, `*` for any text; none: every name that no other one claims. */
  readonly names: readonly string[];
  /** Hosts of an internal network that it may send to, though it is on the internet itself. */
  readonly internalHosts: readonly string[];
}

export interface HostedOptions {
  /** In each of these lists, `*` stands for any text. In canonical form. */
  readonly names: readonly string[];
  /** Packages that all may read who may read the route. */
  readonly public: readonly string[];
  readonly maxFileBytes: number;
  readonly quota: {
    readonly bytes?: number | undefined;
    readonly packageBytes?: number | undefined;
    /** Of one package. */
    readonly versions?: number | undefined;
  };
}

export interface MirrorOptions {
  /** All of it together. */
  readonly bytes?: number | undefined;
  readonly keepUnusedS?: number | undefined;
}
