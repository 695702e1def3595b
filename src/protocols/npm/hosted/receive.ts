/**
 * `PUT /<name>`: a version to publish, or the document as its author wants it to be (`npm deprecate`, `npm owner`,
 * `npm unpublish`). Which one it is shows when the body has arrived; who has no right to either is refused before.
 */
import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import { discard } from '../../bodies.ts';
import { openPin } from '../../pin.ts';
import type { NpmOrigin } from '../origin.ts';
import { packumentUrl } from '../remotes.ts';
import { get } from '../upstream.ts';
import type { Changing } from './change.ts';
import { storesOf } from './claims.ts';
import { editDocument } from './edit.ts';
import { NotAPublication, type Publication, readPublication } from './publication.ts';
import { publish } from './publish.ts';
import { findPackage } from './record.ts';
import { authorise, Refusal } from './refusal.ts';
import { takeUpload } from './upload.ts';

/** @param seen the revision in the address, for a document that is edited. */
export async function receive(changing: Changing, seen: string | null, signal: AbortSignal): Promise<Answer> {
  const { npm, name, exchange, origin } = changing;
  const { metadata, blobs } = storesOf(origin);
  const found = await findPackage(metadata, npm.route, name);
  const restricted = found?.package.access === 'restricted';
  authorise(exchange, { action: 'publish', route: npm.route, subject: name, restricted });
  if (found === null) await refuseUnlessFree(changing, signal);
  const coding = exchange.headers.get('content-encoding') ?? 'identity';
  if (coding !== 'identity') throw new Refusal(415, 'What is published may not be encoded.');

  const share = npm.budget.share();
  const pin = openPin(metadata, npm.clock);
  try {
    const maxDocumentBytes = npm.maxPackumentBytes;
    const { claim } = pin;
    const upload = await takeUpload(exchange.body(), { blobs, maxDocumentBytes, share, claim, signal });
    const publication = await read(npm, upload.document);
    if (publication.name !== name) throw new Refusal(400, `The document is about ${publication.name}.`);
    return upload.tarball === null
      ? await editDocument(changing, publication, seen)
      : await publish(changing, publication, upload.tarball, pin);
  } finally {
    share.release();
    await pin.release();
  }
}

/** Longer documents are read in the worker: this is a fraction of a millisecond's worth of parsing. */
const readHereBytes = 64 * 1024;

async function read({ deriver }: NpmOrigin, chunks: ArrayBuffer[]): Promise<Publication> {
  const size = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (size > readHereBytes) return deriver.run({ task: 'publication', chunks }, chunks);
  try {
    return readPublication(chunks);
  } catch (thrown) {
    if (!(thrown instanceof NotAPublication)) throw thrown;
    throw malformed(thrown);
  }
}

function malformed(cause: NotAPublication): MeridianError {
  return new MeridianError('request-malformed', cause.message, { cause });
}

/**
 * A name that nobody has published yet has to be free: claimed by the configuration, or by nobody at all. The default
 * upstream is asked, so that nothing of its is ever published over.
 */
async function refuseUnlessFree({ npm, name, origin }: Changing, signal: AbortSignal): Promise<void> {
  const { hosted, remotes } = npm;
  if (hosted === null || hosted.claims(name)) return;
  if (!hosted.others) {
    throw new Refusal(
      403,
      `${name} cannot be published here: neither its scope nor its name is among those of this route (hosted).`,
    );
  }
  if (!remotes.isPublic(name))
    throw new Refusal(403, `The scope of ${name} belongs to an upstream registry.`);
  const remote = remotes.default;
  if (remote === null) return;
  const headers = new Headers({ accept: 'application/json', 'accept-encoding': 'identity' });
  const answer = await get(origin, remotes, remote, packumentUrl(remote, name), headers, signal);
  await discard(answer);
  if (answer.status === 404) return;
  if (answer.status === 200) {
    throw new Refusal(
      403,
      `The upstream registry has a package ${name}. Whoever wants to publish another one by that name has to say so in hosted.names.`,
    );
  }
  throw new Refusal(503, `The upstream registry cannot say now whether it has a package ${name}.`);
}
