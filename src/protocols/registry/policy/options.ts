/** What the config says of a policy: which of the versions that upstreams have may be used. */
import type { Severity } from './osv.ts';

export interface PolicyOptions {
  readonly releaseAge?: ReleaseAgeOptions | undefined;
  /** `name`, `name@range`, with stars in the name. */
  readonly blocked: readonly string[];
  /** Nothing but these; absent: everything. */
  readonly only?: readonly string[] | undefined;
  readonly advisories?: AdvisoryOptions | undefined;
}

export interface ReleaseAgeOptions {
  readonly minimumS: number;
  /** RFC 3339. */
  readonly publishedBefore?: string | undefined;
  readonly exempt: readonly string[];
  readonly withoutTime: 'refuse' | 'allow';
}

export interface AdvisoryOptions {
  /** Absolute path of a file or a folder of files. */
  readonly path: string;
  readonly severity: Severity;
  /** Ids, or aliases, of those that do not count. */
  readonly except: readonly string[];
  readonly checkS: number;
}
