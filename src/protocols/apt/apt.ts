/**
 * Archives of Debian and Ubuntu packages. A route holds several side by side, each under its name: `/debian/dists/…`, `/debian/pool/…`. A name that
 * is none of an upstream is that of an archive which lives here, if the route has packages of its own. See README.md.
 */
import type { Answer } from '../../entry.ts';
import type { Ecosystem, Item, Pulling, Read } from '../registry/ecosystem.ts';
import { Refusal } from '../registry/hosted/refusal.ts';
import { guides } from './guides.ts';
import { describe } from './hosted/describe.ts';
import type { Hosting } from './hosted/generation.ts';
import { receive, wantedChange } from './hosted/receive.ts';
import { serveHosted } from './hosted/serve.ts';
import { isSuiteTag, itemAt, placeOf } from './item.ts';
import { hashIn, locate } from './path.ts';
import { pullRaw } from './pull/generation.ts';
import { pullRelease } from './pull/in-force.ts';
import { pullByHash, pullOther, pullPatch, pullPlain, type Question } from './pull/indexes.ts';
import { openKnown } from './pull/known.ts';
import { pullPoolFile, pullPoolIndex } from './pull/pool.ts';
import { versions } from './version.ts';

export interface AptSettings {
  /** Absolute path of the key that suites are signed with which live here. Absent: one that the origin makes. */
  readonly signingKey?: string | undefined;
}

/** @param route its name. */
export function apt(route: string, { signingKey }: AptSettings = {}): Ecosystem {
  const known = openKnown(route);
  const hosting: Hosting = { signingKey: signingKey ?? null };

  function pull(item: Item, at: Pulling): Promise<Answer> {
    const place = placeOf(item);
    const { kind, archive } = place;
    const source = at.registry.sources.named(archive);
    if (source === null) return serveHosted(item, place, hosting, at);
    const question: Question = { item, place, source, known };
    switch (kind) {
      case 'in-release':
      case 'release':
      case 'release-gpg':
        return pullRelease(place, known, at);
      case 'index':
        return pullPlain(question, at);
      case 'by-hash':
        return pullByHash(question, at);
      case 'patch':
        return pullPatch(question, at);
      case 'pool':
        return pullPoolFile(item, place, source, known, at);
      case 'other':
        return pullOther(question, at);
      case 'upstream-release':
        return pullRaw(item, place, source, at);
      case 'pool-index':
        return pullPoolIndex(item, place, at);
    }
  }
  return {
    id: 'apt',
    title: 'apt',
    read,
    write: wantedChange,
    pull,
    async serve(item, at) {
      const place = placeOf(item);
      if (at.registry.sources.named(place.archive) === null) return serveHosted(item, place, hosting, at);
      throw new Refusal(
        403,
        `${item.name} lives in this network: it is not taken from ${place.archive}, where somebody else may have published it.`,
      );
    },
    receive,
    order: versions,
    advisories: null,
    canonical: (name) => name.toLowerCase(),
    belongTogether: (item) => (releases.has(item.kind) ? (item.tags ?? []).filter(isSuiteTag) : []),
    guides,
    describe,
  };
}

function read(path: string): Read {
  const found = locate(path);
  if (found === null) return { as: 'absent', why: 'An archive has no pages: only what apt asks for.' };
  if ('malformed' in found) return { as: 'malformed', why: found.malformed };
  if (found.kind === 'by-hash' && hashIn(found.path) === null)
    return { as: 'absent', why: 'By hash, there are SHA256 and SHA512.' };
  return { as: 'item', item: itemAt(found) };
}

/** What says which generation a suite is in. */
const releases: ReadonlySet<string> = new Set(['in-release', 'release', 'release-gpg']);
