/**
 * Takes in what is going to be published: bytes go to the blob store as they arrive, and are held there until a version refers to them, or until
 * it is known that none will.
 */
import { MeridianError } from '../../../errors.ts';
import type {
  BlobRange,
  BlobSource,
  Hashes,
  HashName,
  Sha256,
  Transaction,
  WriteOptions,
} from '../../../store.ts';
import { openPin, type Pin } from '../../pin.ts';
import type { Pulling } from '../ecosystem.ts';
import { storesOf } from './claims.ts';
import { Refusal } from './refusal.ts';

export interface HoldOptions {
  /** What the client says of it. If any of it turns out wrong, nothing is stored (`blob-mismatch`). */
  readonly expect?: WriteOptions['expect'];
  /** Besides SHA-256. */
  readonly hash?: readonly HashName[];
  /** At most `hosted.maxFileBytes`, which is the default. */
  readonly maxBytes?: number;
}

/** A blob that nobody refers to yet. */
export interface Held {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  /** SHA-256, and whatever was expected or asked for; hexadecimal. */
  readonly hashes: Hashes;
  /** What it holds, or a part of that. To be read or cancelled. */
  open(range?: BlobRange): Promise<ReadableStream<Uint8Array>>;
  /** A part in memory, which the caller bounds. */
  read(range: BlobRange): Promise<Uint8Array<ArrayBuffer>>;
  readonly pin: Pick<Pin, 'replace' | 'settle'>;
}

export type Hold = (source: BlobSource | null, options?: HoldOptions) => Promise<Held>;

/** @param source `null`: no bytes. @throws `blob-mismatch`, `body-too-large`, and what the store throws. */
export function withBlob<Result>(
  at: Pulling,
  source: BlobSource | null,
  options: HoldOptions,
  work: (held: Held) => Promise<Result>,
): Promise<Result> {
  return withBlobs(at, async (hold) => work(await hold(source, options)));
}

/** The same for as many as there turn out to be, such as the parts of a form. */
export async function withBlobs<Result>(at: Pulling, work: (hold: Hold) => Promise<Result>): Promise<Result> {
  const pins: Pin[] = [];
  try {
    return await work((source, options = {}) => hold(at, source ?? new Uint8Array(), options, pins));
  } finally {
    for (const pin of pins) await pin.release();
  }
}

async function hold(
  { registry, ask, door }: Pulling,
  source: BlobSource,
  { expect, hash, maxBytes = Number.POSITIVE_INFINITY }: HoldOptions,
  pins: Pin[],
): Promise<Held> {
  const { blobs, metadata } = storesOf(door);
  if (registry.hosted === null)
    throw new Refusal(403, 'Nothing lives here: the config of the route says so.');
  const pin = openPin(metadata, registry.clock);
  pins.push(pin);
  const written = await blobs.write(source, {
    ...{ maxBytes: Math.min(maxBytes, registry.hosted.maxFileBytes), claim: pin.claim, signal: ask.signal },
    ...(expect && { expect }),
    ...(hash && { hash }),
  });
  async function open(range?: BlobRange): Promise<ReadableStream<Uint8Array>> {
    const opened = await blobs.open(written.sha256, range);
    if (opened !== null) return opened.body;
    throw new MeridianError('blob-damaged', `The bytes of ${written.sha256} are missing.`);
  }
  return {
    ...written,
    open,
    read: async (range) => new Uint8Array(await new Response(await open(range)).arrayBuffer()),
    pin: onceIn(pin),
  };
}

/** One transaction may publish the same bytes under several names, and be run again. */
function onceIn(pin: Pin): Held['pin'] {
  const seen = new WeakSet<Transaction>();
  return {
    async replace(transaction) {
      if (seen.has(transaction)) return;
      seen.add(transaction);
      await pin.replace(transaction);
    },
    settle: () => pin.settle(),
  };
}
