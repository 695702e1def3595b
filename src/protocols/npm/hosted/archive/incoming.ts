/** A package as a folder describes it, before any of it is believed. */
import type { HostedPackage, Owner } from '../record.ts';

export interface Incoming {
  readonly name: string;
  /** `null`: the folder does not say. */
  readonly access: HostedPackage['access'] | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly owners: readonly Owner[];
  readonly readme: string | null;
  /** ms since the epoch; `null`: with its oldest version. */
  readonly createdMs: number | null;
  readonly versions: readonly IncomingVersion[];
  /** Numbers that were unpublished, and since when, ms since the epoch: nobody uses them again. */
  readonly gone: Readonly<Record<string, number>>;
}

export interface IncomingVersion {
  readonly version: string;
  /** `null`: the package.json in the tarball says all that is known. */
  readonly manifest: Readonly<Record<string, unknown>> | null;
  /** Of the tarball. */
  readonly path: string;
  /** What the folder says of the tarball's bytes, in the forms of `dist`. */
  readonly integrity: string | null;
  readonly shasum: string | null;
  readonly publishedMs: number;
  readonly by: string;
  readonly deprecated: string | null;
  /** The answer at `-/npm/v1/attestations/…`. */
  readonly attestations: unknown;
}

/** What was found under a name: a package, or the reason why there is none. */
export type Found =
  | { readonly package: Incoming; readonly broken: readonly Broken[] }
  | { readonly package: null; readonly broken: readonly Broken[] };

export interface Broken {
  /** `@acme/ui@1.2.0`, or a file. */
  readonly what: string;
  readonly why: string;
}
