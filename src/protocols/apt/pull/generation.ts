/**
 * Generations: an `InRelease`, or a `Release` with its signature, and the indexes that it names. An upstream changes them file by file; here a
 * new one is in force when all of it can be had that clients of this network ask for. Until then the one before answers.
 *
 * What the upstream says is read as it is, without ever being fresh (`kind` `upstream-release`); what clients read is made of that. So whoever enters a
 * generation may read indexes by their hashes, and those the upstream's word, without anybody waiting for himself.
 */

import { z } from 'zod';
import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import { documentAnswer, errorAnswer } from '../../registry/answers.ts';
import { pullIndex } from '../../registry/document.ts';
import type { Item, Pulling } from '../../registry/ecosystem.ts';
import { readItem } from '../../registry/item.ts';
import type { Source } from '../../registry/sources.ts';
import { fetchWhole } from '../../registry/upstream.ts';
import { splitPath, within } from '../item.ts';
import { encoded, type Place } from '../path.ts';
import { clearTextOf, parseRelease, type Release } from '../release.ts';

/** Debian's have 250 KB. */
const maxReleaseBytes = 32 * 1024 * 1024;
/** Confirmed whenever it is read, and never used when that fails: whoever reads it has something older himself. */
const rawFresh = 'public, max-age=0, must-revalidate';

/** What the upstream has in the folder of a suite. */
const rawForm = z.object({
  inRelease: z.string().nullable(),
  release: z.string().nullable(),
  signature: z.string().nullable(),
  lastModified: z.string().nullable(),
});
/** Files in base64, as they are. */
type Raw = z.output<typeof rawForm>;

/** Of a suite. */
export interface Folder {
  readonly archive: string;
  /** Below the archive, decoded; empty: all of it is flat. */
  readonly folder: string;
}

export interface Generation {
  readonly release: Release;
  /** Of what is signed, without blank lines at its end: hexadecimal SHA-256. */
  readonly sha256: string;
  readonly files: {
    readonly inRelease: Uint8Array | null;
    readonly release: Uint8Array | null;
    readonly signature: Uint8Array | null;
  };
  readonly lastModified: string | null;
}

/** @param form `pair`: the two files of which one signs the other, also where there is an `InRelease`. */
function rawItem(archive: string, folder: string, form?: 'pair'): Item {
  return {
    kind: 'upstream-release',
    name: null,
    path: `${archive}/${encoded(within(folder, 'Release'))}`,
    form,
  };
}

/** What belongs together of one generation; 404: the folder is none of a suite. */
export async function pullRaw(item: Item, place: Place, source: Source, at: Pulling): Promise<Answer> {
  const [folder] = splitPath(place.path);
  const path = (file: string) => `/${encoded(within(folder, file))}`;
  const whole = (file: string) => fetchWhole(source, path(file), { maxBytes: maxReleaseBytes }, at);
  if (item.form !== 'pair') {
    const answer = await pullIndex(
      item,
      {
        ...{ path: path('InRelease'), maxBytes: maxReleaseBytes, revision: 1, sources: [source] },
        derive: (bytes, { headers }) =>
          written({
            inRelease: inBase64(bytes),
            release: null,
            signature: null,
            lastModified: headers.get('last-modified'),
          }),
      },
      at,
    );
    if (answer.status !== 404) return unfresh(answer);
  }
  // The signature stands apart: it has to be that of the other file.
  for (let tries = 0; tries < 3; tries++) {
    const release = await whole('Release');
    if (release.status !== 200)
      return errorAnswer(at.registry.ecosystem, 404, `There is no suite in ${place.archive}/${folder}.`);
    const signature = await whole('Release.gpg');
    const again = await whole('Release');
    if (Buffer.compare(release.bytes, again.bytes) !== 0) continue;
    const lastModified = release.headers.get('last-modified');
    const its = signature.status === 200 ? inBase64(signature.bytes) : null;
    return documentAnswer(
      written({ inRelease: null, release: inBase64(release.bytes), signature: its, lastModified }),
      at.ask.stored,
      rawFresh,
    );
  }
  throw new MeridianError(
    'upstream-changed',
    `${place.archive}/${folder} changes from one moment to the next.`,
  );
}

function unfresh(answer: Answer): Answer {
  if (answer.status === 200 || answer.status === 304) answer.headers.set('cache-control', rawFresh);
  return answer;
}

function written(raw: Raw) {
  return { body: JSON.stringify(raw), type: 'application/json' };
}

function inBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** What the upstream has now. `null`: there is no such suite. @throws `upstream-invalid`, and what the upstream's failure throws. */
export async function upstreamGeneration(
  { archive, folder }: Folder,
  at: Pulling,
  form?: 'pair',
): Promise<Generation | null> {
  const read = await readItem(rawItem(archive, folder, form), at, 3 * maxReleaseBytes);
  if (read.status === 404 || read.status === 410) return null;
  if (read.status !== 200) throw failed({ archive, folder }, read.status);
  return generationOf(
    rawForm.parse(JSON.parse(new TextDecoder().decode(read.bytes))),
    `${archive}/${folder}`,
  );
}

export function failed({ archive, folder }: Folder, status: number): MeridianError {
  return new MeridianError(
    'upstream-invalid',
    `The upstream answers ${status} for the release of ${archive}/${folder}.`,
  );
}

function generationOf({ inRelease, release, signature, lastModified }: Raw, subject: string): Generation {
  const bytes = (text: string | null) => (text === null ? null : new Uint8Array(Buffer.from(text, 'base64')));
  const files = { inRelease: bytes(inRelease), release: bytes(release), signature: bytes(signature) };
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(
      files.inRelease ?? files.release ?? new Uint8Array(),
    );
    const signed = clearTextOf(text);
    const sha256 = new Bun.CryptoHasher('sha256').update(signed.trimEnd()).digest('hex');
    const release = parseRelease(signed);
    const dated = release.dateMs === null ? null : new Date(release.dateMs).toUTCString();
    // apt asks whether it has changed since then, and not every server says when it has.
    return { release, sha256, files, lastModified: lastModified ?? dated };
  } catch (cause) {
    throw unreadable(subject, cause);
  }
}

function unreadable(subject: string, cause: unknown): MeridianError {
  const why = cause instanceof SyntaxError ? cause.message : 'It is not UTF-8.';
  return new MeridianError('upstream-invalid', `The release of ${subject} cannot be read. ${why}`, { cause });
}
