/**
 * What is written down about packages that live here, as documents of the metadata store. `<route>` tells ecosystems apart.
 *
 *     registry-package  <route> <name>                    that there is one
 *     registry-version  <route> <name> <version>          one version, with its files: `HostedVersion`
 *     registry-file     <route> <name> <file>             which version a file belongs to
 *     registry-untold   <route> <name> <random>           what the nodes have not been told yet
 *     blob <sha256> held registry <route> <name> <version> <file>
 */
import type { Hashes, Sha256 } from '../../../store.ts';

/** Plain JSON, of the ecosystem alone: it parses what it has written. */
export type Meta = Readonly<Record<string, unknown>>;

export interface HostedFile {
  /** As in addresses: `requests-2.32.0-py3-none-any.whl`. */
  readonly name: string;
  readonly blob: Sha256;
  readonly sizeBytes: number;
  /** SHA-256, and what else the ecosystem has asked for; hexadecimal. */
  readonly hashes: Hashes;
  /** ms since the epoch. */
  readonly uploadedMs: number;
  readonly meta: Meta;
}

export interface HostedVersion {
  /** In canonical form. */
  readonly name: string;
  readonly version: string;
  /** ms since the epoch. */
  readonly publishedMs: number;
  /** As it is shown: `alice`. */
  readonly publisher: string;
  /** Withdrawn by its publisher, with the reason (which may be empty): it can be had, and is not offered. `null`: it is not. */
  readonly yanked: string | null;
  /** In the order of their names. */
  readonly files: readonly HostedFile[];
  readonly meta: Meta;
}
