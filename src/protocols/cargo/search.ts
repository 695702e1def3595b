/** `cargo search`: what lives here, and then what the upstream finds. Names that live here are nobody else's, also in what is found. */
import { z } from 'zod';
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import type { Changing } from '../registry/ecosystem.ts';
import { namesOf, versionsOf } from '../registry/hosted/find.ts';
import type { Source } from '../registry/sources.ts';
import { fetchWhole } from '../registry/upstream.ts';
import { canonicalCrate } from './name.ts';
import { done } from './publish.ts';
import { alsoAt, configOf } from './upstream.ts';
import { versions } from './version.ts';

const usually = 10;
const most = 100;
const maxBytes = 4 * 1024 * 1024;

const found = z.object({
  crates: z.array(z.object({ name: z.string(), max_version: z.string(), description: z.string().nullish() })),
  meta: z.object({ total: z.number() }),
});
type Found = z.output<typeof found>['crates'][number];

export async function search(at: Changing): Promise<Answer> {
  const asked = new URLSearchParams(at.query);
  const words = asked.get('q')?.slice(0, 256) ?? '';
  const wanted = Math.trunc(Number(asked.get('per_page') ?? usually)) || usually;
  const limit = Math.min(most, Math.max(1, wanted));
  const here = await hosted(words, limit, at);
  const elsewhere = await upstream(words, limit, at);
  const others = elsewhere.crates.filter(
    ({ name }) => at.registry.hosted?.claims(canonicalCrate(name)) !== true,
  );
  return done({
    crates: [...here, ...others].slice(0, limit),
    meta: { total: here.length + elsewhere.total },
  });
}

/** Of what lives here, what whoever asks may read. */
async function hosted(words: string, limit: number, at: Changing): Promise<readonly Found[]> {
  const { registry, ask } = at;
  if (registry.hosted === null) return [];
  const all: Found[] = [];
  const text = canonicalCrate(words);
  for await (const name of namesOf(at)) {
    if (!name.includes(text) || !registry.hosted.claims(name)) continue;
    const deed = {
      action: 'read',
      route: registry.route,
      subject: name,
      restricted: registry.isRestricted(name),
    } as const;
    if (deed.restricted && ask.exchange.identity?.may(deed) !== true) continue;
    const one = await describe(name, at);
    if (one !== null) all.push(one);
    if (all.length >= limit) break;
  }
  return all;
}

async function describe(name: string, at: Changing): Promise<Found | null> {
  let best: Found | null = null;
  for await (const { version, meta, yanked } of versionsOf(at, name)) {
    if (yanked !== null || (best !== null && versions.compare(version, best.max_version) < 0)) continue;
    const { description } = about.parse(meta['about']);
    best = { name, max_version: version, description };
  }
  return best;
}

const about = z.object({ description: z.string().nullish() });

/**
 * The first that can be searched; one that fails finds nothing, and hides nothing of what lives here. What somebody looks for among our own is not
 * told to it.
 */
async function upstream(
  words: string,
  limit: number,
  at: Changing,
): Promise<{ readonly crates: readonly Found[]; readonly total: number }> {
  const { hosted, sources } = at.registry;
  const isOurs = words.split(/\s+/).some((word) => hosted?.claims(canonicalCrate(word)) === true);
  for (const source of isOurs ? [] : sources.of(null)) {
    try {
      const result = await searchIn(source, words, limit, at);
      if (result === null) continue;
      // What another upstream claims, this one is not believed about.
      const crates = result.crates.filter(({ name }) => sources.of(canonicalCrate(name)).includes(source));
      return { crates, total: result.meta.total };
    } catch (error) {
      if (!(error instanceof MeridianError) || error.row.blame !== 'upstream') throw error;
    }
  }
  return { crates: [], total: 0 };
}

async function searchIn(source: Source, words: string, limit: number, at: Changing) {
  const { api } = await configOf(source, at);
  if (api === null) return null;
  const url = `${api}/api/v1/crates?${new URLSearchParams({ q: words, per_page: String(limit) })}`;
  const { status, bytes } = await fetchWhole(
    alsoAt(source, url),
    url,
    { maxBytes, accept: 'application/json' },
    at,
  );
  if (status !== 200) return null;
  try {
    return found.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return null; // It has something else at this address.
  }
}
