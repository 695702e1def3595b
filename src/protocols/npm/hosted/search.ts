/**
 * Full-text search over the packages that live here, before those of the default upstream. A search that mentions a name or a
 * scope of ours is not sent on: somebody looks for a private package, and that is nobody else's business.
 */
import { z } from 'zod';
import { byRank, relevance, wordsOf } from '../../../catalogue.ts';
import type { Answer } from '../../../entry.ts';
import type { Exchange } from '../../../exchange.ts';
import type { Ask } from '../../../parent.ts';
import type { OriginDoor } from '../../../protocol.ts';
import { chunksOf, discard } from '../../bodies.ts';
import { jsonAnswer } from '../canonical.ts';
import type { NpmOrigin } from '../origin.ts';
import { acceptingJson, get } from '../upstream.ts';
import type { Listed } from './catalogue.ts';
import { storesOf, withoutHosted } from './claims.ts';
import { mayRead } from './read.ts';

/** Results in one answer, as npm has it. */
const MAX_SIZE = 250;
const DEFAULT_SIZE = 20;
const MAX_WORDS = 16;
const MAX_UPSTREAM_BYTES = 8 * 1024 * 1024;

interface Found extends Listed {
  readonly score: number;
}

interface Page {
  readonly text: string;
  readonly from: number;
  readonly size: number;
}

export async function searchHosted(npm: NpmOrigin, ask: Ask, origin: OriginDoor): Promise<Answer> {
  const query = new URLSearchParams(ask.exchange.query);
  const text = query.get('text') ?? '';
  const page: Page = {
    text,
    from: numberIn(query.get('from'), 0, Number.MAX_SAFE_INTEGER),
    size: numberIn(query.get('size'), DEFAULT_SIZE, MAX_SIZE),
  };
  const own = await ownResults(npm, text, ask.exchange, origin);
  const shown = own.slice(page.from, page.from + page.size).map(resultOf);
  const others = await upstreamResults(npm, page, own.length, ask, origin);
  return jsonAnswer(200, {
    objects: [...shown, ...others.objects],
    total: own.length + others.total,
    time: new Date(npm.clock.now()).toUTCString(),
  });
}

async function ownResults(
  { route, catalogue }: NpmOrigin,
  text: string,
  exchange: Exchange,
  origin: OriginDoor,
): Promise<readonly Found[]> {
  const words = wordsOf(text);
  const found: Found[] = [];
  const { packages } = await catalogue.listed(storesOf(origin).metadata);
  for (const each of packages.values()) {
    const score = relevance({ name: each.name, ...each.found }, words);
    if (score > 0 && mayRead(exchange, route, each.name, each)) found.push({ ...each, score });
  }
  return found.sort(byRank);
}

function resultOf(found: Found): unknown {
  const { name, version, description, keywords, publisher, publishedMs, owners, score } = found;
  const detail = { quality: 1, popularity: 1, maintenance: 1 };
  return {
    package: {
      ...{ name, version, description, keywords },
      date: new Date(publishedMs).toISOString(),
      publisher: { username: publisher },
      maintainers: owners.map((owner) => ({ username: owner.name, email: owner.email ?? '' })),
      links: {},
    },
    score: { final: score, detail },
    searchScore: score,
  };
}

interface Results {
  readonly objects: readonly unknown[];
  readonly total: number;
}

const nothing: Results = { objects: [], total: 0 };

const resultsSchema = z.looseObject({
  objects: z.array(z.looseObject({ package: z.looseObject({ name: z.string() }) })),
  total: z.number(),
});

/** What fits behind our own results; nothing when the upstream cannot tell, since those are worth having without it. */
async function upstreamResults(
  npm: NpmOrigin,
  { text, from, size }: Page,
  own: number,
  ask: Ask,
  origin: OriginDoor,
): Promise<Results> {
  const remote = npm.remotes.default;
  const left = size - Math.max(0, Math.min(own - from, size));
  if (remote === null || left === 0 || (await isPrivate(npm, text, origin))) return nothing;
  const query = new URLSearchParams({ text, size: String(left), from: String(Math.max(0, from - own)) });
  const url = `${remote.url}/-/v1/search?${query}`;
  const answer = await get(origin, npm.remotes, remote, url, acceptingJson(), ask.signal);
  if (answer.status !== 200) {
    await discard(answer);
    return nothing;
  }
  const parsed = resultsSchema.safeParse(await readJson(answer));
  if (!parsed.success) return nothing;
  const { objects, total } = parsed.data;
  const names = objects.map((each) => each.package.name);
  const free = await withoutHosted(npm.hosted, names, origin);
  return { objects: objects.filter((each) => free.has(each.package.name)), total };
}

/** Whether the text names something that the upstream must not hear of. */
async function isPrivate({ hosted, remotes }: NpmOrigin, text: string, origin: OriginDoor): Promise<boolean> {
  if (remotes.mentionsPrivate(text) || hosted?.isMentionedIn(text)) return true;
  const words = text.split(/\s+/).filter(Boolean).slice(0, MAX_WORDS);
  return (await withoutHosted(hosted, words, origin)).size < new Set(words).size;
}

async function readJson({ body }: Answer): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunksOf(body)) {
    size += chunk.byteLength;
    if (size > MAX_UPSTREAM_BYTES) return null;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return null; // Which the schema refuses.
  }
}

function numberIn(text: string | null, otherwise: number, atMost: number): number {
  const value = text === null || text === '' ? Number.NaN : Number(text);
  return Number.isInteger(value) && value >= 0 ? Math.min(value, atMost) : otherwise;
}
