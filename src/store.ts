/**
 * What an origin keeps for good: bytes (`BlobStore`), and what is known about them (`MetadataStore`). What both promise is
 * that an acknowledged write is never lost. Each engine is a file of `origin/blobs/` or `origin/metadata/`; the contract
 * tests beside them (`blobs.contract.ts`, `metadata.contract.ts`) are the definition that all of them are held to.
 *
 * Publishing writes the blobs first and then, in one transaction, the documents that refer to them. So what can be found is
 * always whole, and a crash leaves at most blobs that nobody refers to.
 *
 * Collecting those is safe while others publish, in three steps: one transaction that finds no reference to the blob and puts
 * a document that condemns it; `delete`; one that removes the condemnation. Whoever is about to write a condemned blob waits until
 * it is gone, and writes it then (`WriteOptions.claim`). See `origin/collection/`.
 */

declare const sha256: unique symbol;
declare const revision: unique symbol;

/** The SHA-256 of a blob, which is its name: 64 lower-case hexadecimal digits. */
export type Sha256 = string & { readonly [sha256]: true };

/** `undefined` for text that is no SHA-256 in its canonical form. */
export function asSha256(text: string): Sha256 | undefined {
  return /^[0-9a-f]{64}$/.test(text) ? (text as Sha256) : undefined;
}

/** Hashes that package managers ask for beside the name. */
export type HashName = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512';
/** In lower-case hexadecimal digits. */
export type Hashes = Readonly<Partial<Record<HashName, string>>>;

export type BlobSource = ReadableStream<Uint8Array> | Uint8Array;

export interface WriteOptions {
  /**
   * What is known of the blob beforehand. If any of it turns out wrong, nothing is stored. With `sha256`, S3 is written to as
   * the source is read; without it, a long blob waits on the origin's disk until its name is known.
   */
  readonly expect?: Hashes & { readonly sizeBytes?: number };
  /** To be computed on the way, besides those that are expected. */
  readonly hash?: readonly HashName[];
  /** Longer is refused, with `body-too-large`. */
  readonly maxBytes?: number;
  /**
   * Called when the name is known, before anything appears under it: whoever writes down there that he needs the blob is safe
   * from collections from the first moment. When it fails, so does the write.
   */
  readonly claim?: (sha256: Sha256) => Promise<void>;
  readonly signal?: AbortSignal;
}

export interface WrittenBlob {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  /** SHA-256, and whatever else was expected or asked for. */
  readonly hashes: Hashes;
}

export interface BlobStat {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  /** When it was written, by the engine's clock, ms since the epoch. Writing the same again may leave it as it is. */
  readonly writtenMs: number;
}

/** Bytes `from` to `to`, both included, counted from 0. */
export interface BlobRange {
  readonly from: number;
  readonly to: number;
}

export interface OpenBlob {
  /** Of the whole blob. */
  readonly sizeBytes: number;
  /** What `body` holds: the part of the wanted range that the blob has. */
  readonly range: BlobRange;
  /**
   * A body that holds the whole blob is compared with its name as it streams, and fails before its last chunk, with
   * `blob-damaged`, when it differs. Cancelling it frees everything.
   */
  readonly body: ReadableStream<Uint8Array>;
  /** The whole blob, where it is a file: for whoever compares it himself. Read from its name, so a deleted one is gone. */
  readonly file?: Blob;
}

/** Bytes under their SHA-256. Every byte string is stored once, whoever writes it and however often. */
export interface BlobStore {
  readonly engine: 'files' | 's3';
  /**
   * Stores what the source holds. Resolves once it is durable as a whole under its name; before that, and after a failure, it
   * is not there at all. Holds at most a few parts of it in memory. A source that fails, and a signal that aborts, leave nothing.
   *
   * @throws `blob-mismatch` for what is not as expected, `body-too-large`, `store-full`, `store-unavailable`.
   */
  write(source: BlobSource, options?: WriteOptions): Promise<WrittenBlob>;
  /**
   * Opens a blob for reading; `null` when there is none, or nothing of the range. What has been opened can be read to its end
   * or fails, also when the blob is deleted meanwhile.
   */
  open(sha256: Sha256, range?: BlobRange): Promise<OpenBlob | null>;
  stat(sha256: Sha256): Promise<BlobStat | null>;
  /** Also when there is none. */
  delete(sha256: Sha256): Promise<void>;
  /** The next blobs in the order of their names, after `after`; fewer than `limit` (1 to 1000) at the end only. */
  list(after: Sha256 | null, limit: number): Promise<readonly BlobStat[]>;
  /** Where a client can get the blob itself for a while; `null` when the engine has no address of its own. */
  url(sha256: Sha256, expiresS: number): string | null;
  readonly uploads: Uploads;
  /** Fails with the reason when the store cannot be used now. */
  check(): Promise<void>;
  /** Waits for nothing: the caller stops writing first. */
  close(): Promise<void>;
}

export interface Upload {
  readonly id: string;
  /** Bytes that have been taken, which is where the next ones go. */
  readonly offset: number;
  /** Last change, ms since the epoch. */
  readonly changedMs: number;
}

/** Whose an upload is: for nobody else is it there. */
export interface UploadOwner {
  /** Who sends it: `user:alice`. */
  readonly by: string;
  /** What it is for, such as a repository. */
  readonly for: string;
}

/**
 * Blobs that arrive in pieces, perhaps over hours, such as OCI's chunked pushes. What has been taken survives a restart. It
 * lies on the disk of the origin that took it, whatever the engine: an upload goes on where it began.
 */
export interface Uploads {
  of(owner: UploadOwner): OwnUploads;
  /** Ends those that have not changed since then, and returns how many. */
  expire(beforeMs: number): Promise<number>;
  /** Of all owners. */
  readonly underWay: UploadsUnderWay;
}

export interface UploadsUnderWay {
  readonly uploads: number;
  readonly bytes: number;
}

/** What may be under way. */
export interface UploadBounds {
  readonly uploads: number;
  readonly bytes: number;
  /** The same of all that one sends (`UploadOwner.by`). */
  readonly uploadsOfOne: number;
  readonly bytesOfOne: number;
}

/** Those of one owner. */
export interface OwnUploads {
  /**
   * @param options `hash`: what will be asked for at the end, beside SHA-256; what is not named here costs another reading then.
   * @throws `overloaded` when there are as many as the bounds allow, of which none has rested for long.
   */
  begin(options?: Pick<WriteOptions, 'hash'>): Promise<Upload>;
  find(id: string): Promise<Upload | null>;
  /**
   * Adds the source's bytes at `offset`, which must be where the upload is. Resolves once they are durable. When the source
   * fails, what came before stays: `find` tells how much.
   *
   * @throws `upload-unknown`, `upload-offset`, `body-too-large` (`maxBytes` for the upload as a whole), `overloaded` (the
   *   bounds), `conflict` (it is just being changed), `store-full`.
   */
  append(id: string, offset: number, source: BlobSource, maxBytes?: number): Promise<Upload>;
  /**
   * Makes it a blob, as `write` does, and ends it. On a mismatch it is gone.
   * @throws `upload-unknown`, and whatever `write` throws.
   */
  finish(id: string, options?: Omit<WriteOptions, 'maxBytes'>): Promise<WrittenBlob>;
  /** Also when there is none. @throws `conflict` when it is just being changed. */
  cancel(id: string): Promise<void>;
}

/**
 * Where a document is: parts of well-formed text, such as `['package', '@acme/ui', 'version', '1.2.0']`. Keys are ordered part
 * by part, each by its code points, whatever the engine. The first part says what kind of document it is.
 */
export type DocumentKey = readonly string[];

/** Of one write: no two have the same, also not of documents that were deleted in between. */
export type Revision = string & { readonly [revision]: true };

export interface Document {
  readonly key: DocumentKey;
  /** What JSON can hold. Whoever reads it parses it into a type. */
  readonly value: unknown;
  readonly revision: Revision;
}

/** More than this is refused: keys with `internal`, values with `document-too-large`. */
export const documentLimits = {
  /** All parts as UTF-8, with one byte for each part. */
  keyBytes: 1024,
  /** As JSON in UTF-8. CockroachDB and YugabyteDB ask for rows of a few MiB at most. */
  valueBytes: 4 * 2 ** 20,
  /** Documents in one answer. */
  page: 1000,
} as const;

export interface Scan {
  /** The last key of the page before. */
  readonly after?: DocumentKey;
  /** 1 to `documentLimits.page`, which is the default. */
  readonly limit?: number;
  readonly order?: 'ascending' | 'descending';
}

export interface DocumentReader {
  get(key: DocumentKey): Promise<Document | null>;
  /**
   * The documents whose keys begin with these parts (the one with just these included), in order. What is there all the time
   * while pages are turned is seen exactly once.
   */
  scan(prefix: DocumentKey, scan?: Scan): Promise<readonly Document[]>;
}

export interface Transaction extends DocumentReader {
  /**
   * @param expected the revision that is to be replaced, `null` for none: else `conflict`, and nothing is written.
   * @returns the revision, which all that this transaction writes has in common.
   */
  put(key: DocumentKey, value: unknown, expected?: Revision | null): Promise<Revision>;
  /** @returns whether there was one. */
  delete(key: DocumentKey, expected?: Revision): Promise<boolean>;
}

export interface TransactOptions {
  /**
   * `true`, the default: what was acknowledged survives a power cut. `false`, for notes whose loss does no harm: it costs no flush,
   * and is lost with whatever was written since the last lasting transaction when the machine of the store goes down, never
   * with a process of Meridian alone. What is lasting and comes later makes it lasting too.
   */
  readonly lasting?: boolean;
}

/**
 * Documents under ordered keys, and transactions over any of them. There are no other indexes: whoever wants to find a document
 * by something else writes a second one that points to it, in the same transaction.
 */
export interface MetadataStore extends DocumentReader {
  readonly engine: 'sqlite' | 'postgres';
  /**
   * Runs `work` as if nothing else ran meanwhile (serialisable), and resolves once all that it wrote is durable. If it throws,
   * nothing is written, and the error is passed on. Where the engine finds it to collide with another, it is run again,
   * so it must change nothing but through `transaction`, and wait for nothing else: it has `transactionMs`.
   *
   * @throws `store-unavailable`. If the connection is lost at the very end, nobody can say whether the transaction was carried
   *   out; the detail says so.
   */
  transact<Result>(
    work: (transaction: Transaction) => Promise<Result>,
    options?: TransactOptions,
  ): Promise<Result>;
  /** Fails with the reason when the store cannot be used now. */
  check(): Promise<void>;
  /** Waits for transactions under way. */
  close(): Promise<void>;
}

/** `hosted`: it lives here. `mirrored`: it is another registry's, kept for when that one cannot be reached. */
export const kinds = ['hosted', 'mirrored'] as const;
export type Kept = (typeof kinds)[number];

/** Whose versions. */
export interface Owned {
  readonly route: string;
  readonly kept: Kept;
  /** Of the package. */
  readonly name: string;
}

/** What some versions of one package come to. The same bytes twice count twice, though they are stored once. */
export interface Weight {
  readonly versions: number;
  readonly bytes: number;
}

/** What must not be exceeded; what is left out is not bounded. */
export interface Bounds {
  readonly routeBytes?: number | undefined;
  readonly scopeBytes?: number | undefined;
  readonly packageBytes?: number | undefined;
  /** Versions of one package. */
  readonly versions?: number | undefined;
}

/**
 * How much there is, as running totals that change in the same transaction as what they count: so a bound holds, whoever
 * publishes at the same time. See `origin/usage/`.
 */
export interface Usage {
  /**
   * Counts versions that come.
   *
   * @returns to be called when the transaction has been carried out: says in the log which bounds come near.
   * @throws `quota-exceeded` where they would exceed a bound: the transaction must not be carried out then.
   */
  charge(transaction: Transaction, owned: Owned, more: Weight, bounds: Bounds): Promise<() => void>;
  /** Takes versions off that go. */
  discharge(transaction: Transaction, owned: Owned, less: Weight): Promise<void>;
}

/** Something that somebody has done, as a line of the audit log (`access/register/audit.ts`). */
export interface Act {
  /** ms since the epoch, by the origin's clock. */
  readonly atMs: number;
  /** `user:alice`, `machine:acme/ui`. */
  readonly by: string;
  /** Id of the token that was used. */
  readonly token: string | null;
  /** Address of the client. */
  readonly from: string | null;
  /** `npm.publish`. */
  readonly what: string;
  /** `npm @acme/ui@1.2.0`. */
  readonly subject: string;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}

/** Both halves, the account of them, and the log of who did what, as an origin lends them to its protocols. */
export interface Stores {
  readonly blobs: BlobStore;
  readonly metadata: MetadataStore;
  readonly usage: Usage;
  /** Writes it down in the transaction that does it: neither is there without the other. */
  audit(transaction: Transaction, act: Act): Promise<void>;
}

/**
 * Where it is written down who needs a blob: a document for each, of which `holder` is the name. Blobs without any may be
 * collected. A holder `['pin', id]` is somebody who is about to refer to it: older than a day, it counts for nothing.
 */
export function blobReferenceKey(sha256: Sha256, holder: DocumentKey): DocumentKey {
  return ['blob', sha256, 'held', ...holder];
}

/** While this document is there, the blob is being deleted, and nothing may begin to refer to it. */
export function condemnedBlobKey(sha256: Sha256): DocumentKey {
  return [...condemnedBlobs, sha256];
}

/** What the keys of all condemnations begin with. */
export const condemnedBlobs: DocumentKey = ['condemned-blob'];
