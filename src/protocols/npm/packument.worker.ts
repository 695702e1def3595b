/**
 * Parses packuments away from the event loop: the largest are 40 MB, and while one of those is parsed
 * nobody else would be answered. Started by `deriver.ts`; one job at a time.
 */
import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import { readFeed } from '../registry/policy/feed-job.ts';
import { NotOsv } from '../registry/policy/osv.ts';
import { type Document, documentOf } from './canonical.ts';
import { tell } from './catalogue/packument.ts';
import { makeChoices } from './foresight/choices.ts';
import { NotAPublication, readPublication } from './hosted/publication.ts';
import type { DerivedDocuments, DeriveJob, Job, JobResults, Reply, Request, SelectJob } from './job.ts';
import {
  derivePackument,
  NotAPackument,
  parsePackument,
  selectFacts,
  selectTags,
  selectVersion,
} from './packument.ts';
import { readOsv } from './policy/osv.ts';

/** Up to this size the full form is made along with the abbreviated one: a few milliseconds. */
const FULL_BESIDE_BYTES = 1024 * 1024;

parentPort?.on('message', ({ id, job }: Request) => {
  let reply: Reply;
  try {
    reply = { id, result: done(job) };
  } catch (thrown) {
    reply = { id, error: describe(thrown) };
  }
  parentPort?.postMessage(reply, 'result' in reply ? buffersOf(reply.result) : []);
});

function done(job: Job): JobResults[Job['task']] {
  switch (job.task) {
    case 'derive':
      return derive(job);
    case 'select':
      return select(job);
    case 'facts':
      return selectFacts(decode(join(job.chunks)), job.version);
    case 'describe':
      return tell(parsePackument(decode(join(job.chunks))));
    case 'choices':
      return documentOf(makeChoices(parsePackument(decode(join(job.chunks)))));
    case 'feed':
      return readFeed(job.files, readOsv);
    case 'publication':
      return readPublication(job.chunks);
  }
}

function derive(job: DeriveJob): DerivedDocuments {
  const bytes = unpack(job);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 === job.unless) return { sha256, documents: null, outline: null };
  const withFull = job.full === 'yes' || (job.full === 'if-small' && bytes.byteLength <= FULL_BESIDE_BYTES);
  const derived = derivePackument(decode(bytes), { ...job, withFull });
  const [abbreviated, index] = [documentOf(derived.abbreviated), documentOf(derived.index)];
  const choices = documentOf(makeChoices(derived.packument));
  const { tags, versions } = derived;
  return {
    sha256,
    documents: {
      abbreviated,
      full: derived.full === null ? null : documentOf(derived.full),
      index,
      choices,
      ruling: derived.ruling,
    },
    outline: { tags, versions, abbreviated: abbreviated.reprDigest, index: index.reprDigest },
  };
}

function select({ chunks, part }: SelectJob): Document | null {
  const text = decode(join(chunks));
  const selected = part === 'dist-tags' ? selectTags(text) : selectVersion(text, part.version);
  return selected === null ? null : documentOf(selected);
}

function unpack({ chunks, gzip, maxBytes }: DeriveJob): Uint8Array {
  const bytes = join(chunks);
  // Whoever fetched it may have unpacked it on the way and left the label on; JSON never begins like this.
  if (!gzip || bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    throw new NotAPackument('The document is not valid gzip, or too large once it is unpacked.', { cause });
  }
}

function join(chunks: readonly ArrayBuffer[]): Buffer {
  return Buffer.concat(chunks.map((chunk) => new Uint8Array(chunk)));
}

function decode(bytes: Uint8Array | ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new NotAPackument('The document is not UTF-8.', { cause });
  }
}

function buffersOf(result: JobResults[keyof JobResults]): ArrayBuffer[] {
  if (result === null) return [];
  if ('bytes' in result) return [result.bytes.buffer];
  if (!('documents' in result)) return [];
  const { abbreviated, full, index, choices } = result.documents ?? {};
  return [abbreviated, full, index, choices].flatMap((document) => (document ? [document.bytes.buffer] : []));
}

function describe(thrown: unknown): Extract<Reply, { error: unknown }>['error'] {
  if (thrown instanceof NotAPackument) return { code: 'upstream-invalid', detail: thrown.message };
  if (thrown instanceof NotOsv) return { code: 'policy-unready', detail: thrown.message };
  if (thrown instanceof NotAPublication) return { code: 'request-malformed', detail: thrown.message };
  // A document so deep or large that the engine gives up on it is the upstream's too.
  if (thrown instanceof RangeError)
    return { code: 'upstream-invalid', detail: 'The document cannot be held.' };
  return { code: 'internal', detail: `The packument worker failed: ${String(thrown)}` };
}
