/**
 * Blobs on their way in (OCI Distribution Specification 1.1, Pushing blobs): as a whole in one request or two, in chunks with
 * resumption, or from another repository without any bytes. A blob is there when it is whole, is what its digest says, and the
 * repository has it; then alone the client is told.
 */
import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import type { BlobSource, OwnUploads, Upload, WriteOptions, WrittenBlob } from '../../../store.ts';
import { openPin, type Pin } from '../../pin.ts';
import { algorithmOf, type Digest, hexOf, readDigest } from '../digest.ts';
import { isName } from '../path.ts';
import { addBlob } from './blobs.ts';
import { storesOf } from './claims.ts';
import { findElsewhere } from './holders.ts';
import type { Changing } from './home.ts';
import { findBlob, type Where } from './record.ts';
import { Refusal } from './refusal.ts';

/** For what came before on the same upload to end. */
const waitMs = 10_000;
const lookMs = 50;

/** `POST <name>/blobs/uploads/` */
export async function begin(changing: Changing, parameters: URLSearchParams): Promise<Answer> {
  const algorithm = parameters.get('digest-algorithm');
  if (algorithm !== null && algorithm !== 'sha256' && algorithm !== 'sha512')
    throw new Refusal(400, 'DIGEST_INVALID', `${algorithm} is no algorithm that can be checked here.`);
  const mount = parameters.get('mount');
  if (mount !== null) {
    const digest = digestIn(mount);
    if (await isMounted(changing, digest, parameters.get('from'))) return created(changing, digest);
  }
  const whole = parameters.get('digest');
  if (mount === null && whole !== null) {
    const digest = digestIn(whole);
    await takeWhole(changing, digest, bodyOf(changing));
    return created(changing, digest);
  }
  const upload = await uploadsOf(changing).begin({ hash: algorithm === null ? [] : [algorithm] });
  return underWay(changing, 202, upload);
}

/** `GET <name>/blobs/uploads/<id>`: where it goes on. */
export async function status(changing: Changing, id: string): Promise<Answer> {
  return underWay(changing, 204, await find(changing, id));
}

/** `PATCH <name>/blobs/uploads/<id>`: the next chunk, or all that there is. */
export async function takeChunk(changing: Changing, id: string): Promise<Answer> {
  return underWay(changing, 202, await append(changing, id));
}

/** `PUT <name>/blobs/uploads/<id>?digest=…`: the last chunk, if there is one more, and the end. */
export async function finish(changing: Changing, id: string, parameters: URLSearchParams): Promise<Answer> {
  const digest = digestIn(parameters.get('digest') ?? '');
  const uploads = uploadsOf(changing);
  const upload = await find(changing, id);
  if (upload.offset === 0) {
    // All of it comes now, and need not be read again to be checked.
    refuseOtherPlace(changing, upload);
    await takeWhole(changing, digest, bodyOf(changing));
    await alone(changing, () => uploads.cancel(id));
    return created(changing, digest);
  }
  if (hasBody(changing)) await append(changing, id);
  await keep(changing, digest, (options) => alone(changing, () => uploads.finish(id, options)));
  return created(changing, digest);
}

/** `DELETE <name>/blobs/uploads/<id>` */
export async function cancel(changing: Changing, id: string): Promise<Answer> {
  await find(changing, id);
  await alone(changing, () => uploadsOf(changing).cancel(id));
  return { status: 204, headers: new Headers({ 'cache-control': 'no-store' }), body: null };
}

/** Whether the repository has it by now, without a byte that was sent. What somebody may not read, he may not mount either. */
async function isMounted(changing: Changing, digest: Digest, from: string | null): Promise<boolean> {
  const { home, at, exchange, origin } = changing;
  const { metadata } = storesOf(origin);
  const source: Where = from === null ? at : { route: at.route, name: from };
  if (!isName(source.name) || !home.hosted.claims(source.name)) return false;
  const restricted = !home.hosted.isPublic(source.name);
  const deed = { action: 'read', route: at.route, subject: source.name, restricted } as const;
  if (source.name !== at.name && exchange.identity?.may(deed) !== true) return false;
  const alert = await metadata.transact(async (transaction) => {
    const inSource = await findBlob(transaction, source, digest);
    const found = inSource ?? (from === null ? await findElsewhere(transaction, changing, digest) : null);
    return found && addBlob(transaction, changing, digest, found);
  });
  alert?.();
  return alert !== null;
}

async function takeWhole(changing: Changing, digest: Digest, body: BlobSource): Promise<void> {
  const { home, origin } = changing;
  const { maxBlobBytes: maxBytes } = home.hosted;
  await keep(changing, digest, (options) => storesOf(origin).blobs.write(body, { ...options, maxBytes }));
}

/** Makes it a blob of the store, and then one of the repository; held in between, so that no collection takes it. */
async function keep(
  changing: Changing,
  digest: Digest,
  write: (options: Pick<WriteOptions, 'expect' | 'claim' | 'signal'>) => Promise<WrittenBlob>,
): Promise<void> {
  const { home, origin, signal } = changing;
  const { metadata } = storesOf(origin);
  const pin: Pin = openPin(metadata, home.clock);
  try {
    const expect = { [algorithmOf(digest)]: hexOf(digest) };
    const { sha256: blob, sizeBytes } = await write({ expect, claim: pin.claim, signal });
    const alert = await metadata.transact(async (transaction) => {
      await pin.replace(transaction);
      return addBlob(transaction, changing, digest, { blob, sizeBytes });
    });
    pin.settle();
    alert();
  } finally {
    await pin.release();
  }
}

async function append(changing: Changing, id: string): Promise<Upload> {
  const { maxBlobBytes } = changing.home.hosted;
  const body = bodyOf(changing);
  return alone(changing, async () => {
    const upload = await find(changing, id);
    const range = refuseOtherPlace(changing, upload);
    const atMost = range === null ? maxBlobBytes : Math.min(maxBlobBytes, range.end + 1);
    const after = await uploadsOf(changing)
      .append(id, upload.offset, body, atMost)
      .catch((error) => {
        const isBeyondRange = range !== null && range.end < maxBlobBytes;
        throw isBeyondRange && isTooLong(error) ? otherLength(changing, range, upload) : error;
      });
    if (range !== null && after.offset <= range.end) throw otherLength(changing, range, after);
    return after;
  });
}

function isTooLong(error: unknown): boolean {
  return error instanceof MeridianError && error.code === 'body-too-large';
}

/** What has come without a length turned out not to be what `Content-Range` says. */
function otherLength(changing: Changing, { start, end }: Chunk, upload: Upload): Refusal {
  const message = `More or fewer bytes came than the range ${start}-${end} has.`;
  return new Refusal(400, 'SIZE_INVALID', message, { fields: placeOf(changing, upload) });
}

/** Whoever goes on after a broken connection may be here before its end is. */
async function alone<Result>(
  { home: { clock }, signal }: Changing,
  work: () => Promise<Result>,
): Promise<Result> {
  const untilMs = clock.elapsed() + waitMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isBusy = error instanceof MeridianError && error.code === 'conflict';
      if (!isBusy || signal.aborted || clock.elapsed() >= untilMs) throw error;
      await new Promise<void>((resolve) => clock.after(lookMs, resolve));
    }
  }
}

/** Of `Content-Range`, which the specification has without a unit; `null`: the client does not say. */
interface Chunk {
  readonly start: number;
  /** The last byte. */
  readonly end: number;
}

/** @throws a `Refusal` where the chunk does not go on where the upload is. */
function refuseOtherPlace(changing: Changing, upload: Upload): Chunk | null {
  const { headers } = changing.exchange;
  const field = headers.get('content-range');
  if (field === null) return null;
  const [, from = '', to = ''] = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(field) ?? [];
  if (to === '')
    throw new Refusal(400, 'BLOB_UPLOAD_INVALID', `Content-Range "${field}" is no range such as 0-1023.`);
  const chunk = { start: Number(from), end: Number(to) };
  if (chunk.start !== upload.offset) {
    const message = `The upload goes on at ${upload.offset}, not at ${chunk.start}.`;
    throw new Refusal(416, 'BLOB_UPLOAD_INVALID', message, { fields: placeOf(changing, upload) });
  }
  const length = headers.get('content-length');
  if (length !== null && Number(length) !== chunk.end - chunk.start + 1)
    throw new Refusal(400, 'SIZE_INVALID', `${length} bytes are not the range ${field}.`);
  return chunk;
}

/** Nobody goes on with what somebody else has begun, and nothing ends up in another repository than it was meant for. */
function uploadsOf({ at, exchange, origin }: Changing): OwnUploads {
  const by = exchange.identity?.name ?? '';
  return storesOf(origin).blobs.uploads.of({ by, for: JSON.stringify(['oci', at.route, at.name]) });
}

async function find(changing: Changing, id: string): Promise<Upload> {
  const upload = await uploadsOf(changing).find(id);
  if (upload !== null) return upload;
  throw new MeridianError('upload-unknown', `there is no upload ${id.slice(0, 100)}`);
}

function digestIn(text: string): Digest {
  const digest = readDigest(text);
  if (digest !== null) return digest;
  const message = `"${text.slice(0, 200)}" is no digest that can be checked here (sha256, sha512).`;
  throw new Refusal(400, 'DIGEST_INVALID', message);
}

function hasBody({ exchange }: Changing): boolean {
  return exchange.request.body !== null && exchange.headers.get('content-length') !== '0';
}

function bodyOf({ exchange }: Changing): BlobSource {
  return exchange.body() ?? new Uint8Array();
}

function placeOf({ home, at }: Changing, { id, offset }: Upload): Record<string, string> {
  return {
    location: `${home.base}/${at.name}/blobs/uploads/${id}`,
    range: `0-${Math.max(0, offset - 1)}`,
    'docker-upload-uuid': id,
  };
}

function underWay(changing: Changing, status: 202 | 204, upload: Upload): Answer {
  const headers = new Headers({ ...placeOf(changing, upload), 'cache-control': 'no-store' });
  return { status, headers, body: null };
}

function created({ home, at }: Changing, digest: Digest): Answer {
  const headers = new Headers({
    location: `${home.base}/${at.name}/blobs/${digest}`,
    'docker-content-digest': digest,
    'cache-control': 'no-store',
  });
  return { status: 201, headers, body: null };
}
