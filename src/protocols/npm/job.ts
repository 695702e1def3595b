/**
 * What the event loop and the packument worker say to each other. Buffers are transferred, not copied,
 * wherever the sender has no further use for them.
 */

import type { FeedFile, FeedPart } from '../registry/policy/feed-job.ts';
import type { Facts } from '../registry/policy/terms.ts';
import type { ThreadReply, ThreadRequest } from '../thread.ts';
import type { Document } from './canonical.ts';
import type { Told } from './catalogue/packument.ts';
import type { Publication } from './hosted/publication.ts';
import type { Outline } from './outlines.ts';
import type { Enforcement, Ruling } from './packument.ts';

/** An upstream's document, to be made canonical. */
export interface DeriveJob {
  readonly task: 'derive';
  readonly name: string;
  readonly remoteUrl: string;
  /** The body as it came. */
  readonly chunks: readonly ArrayBuffer[];
  /** Whether the upstream says that the body is gzip. */
  readonly gzip: boolean;
  /** Bound of the document once it is unpacked. */
  readonly maxBytes: number;
  /** SHA-256 (hex) of the stored document's source: the same bytes need no parsing. */
  readonly unless: string | null;
  /** Whether the full form is wanted: always, never, or while it costs next to nothing. */
  readonly full: 'yes' | 'no' | 'if-small';
  /** What the route asks of the package's versions; `null`: nothing. */
  readonly policy: Enforcement | null;
  /** Whether the upstream says that this is the abbreviated form. */
  readonly isAbbreviated: boolean;
}

/** A part of a canonical document. */
export interface SelectJob {
  readonly task: 'select';
  readonly chunks: readonly ArrayBuffer[];
  readonly part: { readonly version: string } | 'dist-tags';
}

/** What a canonical document in its full form says of one version. */
export interface FactsJob {
  readonly task: 'facts';
  readonly chunks: readonly ArrayBuffer[];
  readonly version: string;
}

/** What a canonical document in its full form tells people. */
export interface DescribeJob {
  readonly task: 'describe';
  readonly chunks: readonly ArrayBuffer[];
}

/** What installers choose from, of a canonical document. */
export interface ChoicesJob {
  readonly task: 'choices';
  readonly chunks: readonly ArrayBuffer[];
}

/** Files of security advisories in the OSV format. */
export interface FeedJob {
  readonly task: 'feed';
  readonly files: readonly FeedFile[];
}

/** What a client has sent to be published. */
export interface PublicationJob {
  readonly task: 'publication';
  readonly chunks: readonly ArrayBuffer[];
}

export type Job = DeriveJob | SelectJob | FactsJob | DescribeJob | ChoicesJob | FeedJob | PublicationJob;

export interface DerivedDocuments {
  /** SHA-256 of the upstream's bytes, unpacked; hex. */
  readonly sha256: string;
  /** `null`: those bytes are the ones that `unless` names. */
  readonly documents: Documents | null;
  /** Of new documents. */
  readonly outline: Outline | null;
}

export interface Documents {
  readonly abbreviated: Document;
  readonly full: Document | null;
  readonly index: Document;
  readonly choices: Document;
  readonly ruling: Ruling;
}

export interface JobResults {
  readonly derive: DerivedDocuments;
  /** `null`: the document has no such version or tag. */
  readonly select: Document | null;
  /** `null`: the document has no such version. */
  readonly facts: Facts | null;
  readonly describe: Told;
  readonly choices: Document;
  readonly feed: FeedPart;
  readonly publication: Publication;
}

export type Request = ThreadRequest<Job>;

export type Reply = ThreadReply<JobResults[keyof JobResults]>;
