/** What a lock file comes to. */
import type { Wanted } from '../../../protocol.ts';

export interface Locked {
  readonly packages: readonly Wanted[];
  /** What comes from no registry: from git, a folder, an address. */
  readonly others: readonly string[];
  /** It does not say where files are, so its client asks for documents, too. */
  readonly lacksAddresses?: boolean;
}

/** @throws for what is no such lock file. */
export type Reader = (text: string) => Locked;
