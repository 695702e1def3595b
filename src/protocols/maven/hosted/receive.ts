/**
 * What clients send: `mvn deploy` and Gradle's `maven-publish` put each file of a version, then the checksums of each, then the list that says that
 * there is a new version. Files are kept; checksums are compared with what has been kept; lists are looked at and made here (`serve.ts`).
 */
import type { Answer } from '../../../entry.ts';
import { ownAnswer } from '../../registry/answers.ts';
import type { Changing, Write } from '../../registry/ecosystem.ts';
import { authorise, homeOf } from '../../registry/hosted/authorise.ts';
import { Refusal } from '../../registry/hosted/refusal.ts';
import { maxChecksumBytes, readChecksum } from '../checksum.ts';
import { readBuilds, readMetadata } from '../metadata.ts';
import {
  type BuildsPlace,
  type ChecksumPlace,
  type ListPlace,
  nameOf,
  type Place,
  readPlace,
} from '../place.ts';
import type { MavenSettings } from '../settings.ts';
import { smallBody } from './body.ts';
import { compare } from './compare.ts';
import { keepFile, refusalOf } from './keep-file.ts';
import { meantBy, remove } from './remove.ts';

/** Longest list that a client may send. */
const maxListBytes = 4 * 1024 * 1024;

export function write(method: string, path: string): Write | null {
  if (method !== 'PUT' && method !== 'DELETE') return null;
  const read = readPlace(path);
  if ('malformed' in read) return { as: 'malformed', why: `${read.malformed}.` };
  if (method === 'DELETE') {
    const meant = meantBy(path);
    if (meant !== null)
      return { as: 'change', what: 'delete', action: 'delete', name: meant.name, bringsBlob: false };
    return {
      as: 'malformed',
      why: 'Files, versions and artifacts are taken away: lists and checksums go with what they are of.',
    };
  }
  if ('absent' in read) return { as: 'malformed', why: `Nothing can be put there: ${read.absent}.` };
  const { place } = read;
  return {
    ...{ as: 'change', what: `put-${place.of}`, action: 'publish' },
    ...{ name: nameOf(place.of === 'checksum' ? place.what : place), bringsBlob: place.of === 'file' },
  };
}

export function receive(what: string, settings: MavenSettings, at: Changing): Promise<Answer> {
  if (what === 'delete') return remove(at);
  const read = readPlace(at.path);
  if (!('place' in read)) throw new Refusal(400, 'There is nothing to be put.');
  return put(read.place, settings, at);
}

async function put(place: Place, settings: MavenSettings, at: Changing): Promise<Answer> {
  const name = nameOf(place.of === 'checksum' ? place.what : place);
  authorise(at, 'publish', name);
  homeOf(at, name);
  switch (place.of) {
    case 'file':
      return told(await keepFile(place, settings, at));
    case 'checksum':
      return putChecksum(place, at);
    default:
      return putList(place, at);
  }
}

async function putChecksum({ by, what }: ChecksumPlace, at: Changing): Promise<Answer> {
  const bytes = await smallBody(at, maxChecksumBytes, 'A checksum file');
  const sum = readChecksum(bytes, by);
  if (sum === null)
    throw new Refusal(
      400,
      `This is no ${by.toUpperCase()}: ${by === 'md5' ? 32 : 'its'} hexadecimal digits are expected.`,
    );
  // The list that a client sends is not the one that is given out, and so is its checksum.
  if (what.of === 'file') await compare(what, by, sum, at);
  return told(false);
}

/** What a client makes of the list that it has read cannot be right where two publish at once: so it is made here, of what there is. */
async function putList(place: ListPlace | BuildsPlace, at: Changing): Promise<Answer> {
  const bytes = await smallBody(at, maxListBytes, 'A list');
  try {
    if (place.of === 'list') readMetadata(bytes, place);
    else readBuilds(bytes, place, place.version);
  } catch (error) {
    throw refusalOf(error, 'This maven-metadata.xml');
  }
  return told(false);
}

function told(isNew: boolean): Answer {
  return ownAnswer(isNew ? 201 : 200, 'text/plain; charset=utf-8', '');
}
