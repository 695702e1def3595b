/** What the index says of one project, whatever it was read from and is rendered as. */
export interface ProjectPage {
  /** Normalised. */
  readonly name: string;
  readonly files: readonly PageFile[];
  /** All that there are (PEP 700); `null`: the upstream does not say, so those of the files. */
  readonly versions: readonly string[] | null;
  /** Indexes that this project is the same as (PEP 708): absolute URLs. */
  readonly tracks: readonly string[];
  readonly alternateLocations: readonly string[];
  /** PEP 792; `null`: active. */
  readonly status: ProjectStatus | null;
}

export interface ProjectStatus {
  /** `archived`, `quarantined`, `deprecated`. */
  readonly status: string;
  readonly reason: string | null;
}

export interface PageFile {
  readonly name: string;
  readonly version: string;
  /** Where the upstream has it: absolute. Empty for what lives here. */
  readonly url: string;
  /** By algorithm, in lower-case hexadecimal digits. */
  readonly hashes: Readonly<Record<string, string>>;
  readonly requiresPython: string | null;
  /** Withdrawn by whoever has published it (PEP 592), with the reason, which may be empty; `null`: it is not. */
  readonly yanked: string | null;
  /** Of its METADATA, which can be had apart (PEP 658); `null`: it cannot, or there is nothing to compare it with. */
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly sizeBytes: number | null;
  /** As the upstream writes it (PEP 700). */
  readonly uploadTime: string | null;
  /** Where its attestations are (PEP 740): absolute. */
  readonly provenance: string | null;
}

/** As the origin keeps it. */
export interface StoredPage extends ProjectPage {
  /** Address of the upstream that has said it. */
  readonly from: string;
  readonly files: readonly StoredFile[];
}

export interface StoredFile extends PageFile {
  /** Why the policy is against it; `null`: it is not. */
  readonly refused: string | null;
}

/** ms since the epoch; `null`: nobody says. */
export function uploadedMs({ uploadTime }: Pick<PageFile, 'uploadTime'>): number | null {
  const ms = uploadTime === null ? Number.NaN : Date.parse(uploadTime);
  return Number.isNaN(ms) ? null : ms;
}

/** What comes of an upstream is no index, or of a version that nobody here knows. */
export class NotAnIndex extends Error {}
