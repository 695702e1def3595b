/**
 * What the Hub says of a file beside its bytes: `HEAD` without following where it sends to for these. Its answers in between are asked for again at the same
 * host alone.
 */
import { z } from 'zod';
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { discard } from '../bodies.ts';
import { immutable } from '../kept-for.ts';
import { documentAnswer } from '../registry/answers.ts';
import type { Item, Pulling } from '../registry/ecosystem.ts';
import { readItem } from '../registry/item.ts';
import type { Source } from '../registry/sources.ts';
import { askUpstream, passError, type Reply } from '../registry/upstream.ts';
import { factsItem } from './items.ts';
import { answerOf } from './read.ts';
import { hubError, refusalOf } from './words.ts';

const facts = z.object({
  /** Whose file it is: an upstream's address. */
  source: z.string(),
  /** SHA-256 of what is kept by Git LFS, the hash of Git's of anything else; `null`: something else, or nothing, is said. */
  sha256: z.string().nullable(),
  git: z.string().nullable(),
  sizeBytes: z.number().nullable(),
});
export type Facts = Readonly<z.output<typeof facts>>;

const mostHops = 3;

/** Of a file, from this origin's own cache. */
export async function readFacts(item: Item, at: Pulling): Promise<Facts | { readonly refusal: Answer }> {
  const found = await readItem(factsItem(item), at);
  if (found.status !== 200) return { refusal: answerOf(found) };
  return facts.parse(JSON.parse(Buffer.from(found.bytes).toString('utf8')));
}

export async function pullFacts(item: Item, commit: string, at: Pulling): Promise<Answer> {
  let missing: Answer | null = null;
  for (const source of at.registry.sources.of(item.name)) {
    const found = await headOf(source, `/${item.path}`, at);
    if (found.isThere) {
      if (found.commit !== null && found.commit !== commit)
        throw new MeridianError('upstream-invalid', `${source.name} has another commit for ${item.path}.`);
      return documentAnswer(
        { body: JSON.stringify(factsOf(found, source)), type: 'application/json' },
        at.ask.stored,
        immutable,
      );
    }
    const isAnonymous = source.remote.authorization === undefined;
    const told = refusalOf(found.reply, item.path, { isAnonymous, isPinned: true });
    if (told === null) return passError(found.reply, item.path, at.registry);
    if (told.status !== 404) return told;
    missing = told;
  }
  return missing ?? hubError(404, 'RepoNotFound', `There is no ${item.path}.`);
}

export interface Head {
  readonly isThere: boolean;
  readonly commit: string | null;
  /** Without its quotes. */
  readonly etag: string | null;
  readonly sizeBytes: number | null;
  readonly reply: Reply;
}

/** @throws what `askUpstream` does. */
export async function headOf(source: Source, path: string, at: Pulling): Promise<Head> {
  let url = path;
  let said = new Headers();
  for (let hop = 0; ; hop++) {
    const reply = await askUpstream(source, url, { method: 'HEAD', isOneHop: true }, at);
    await discard(reply);
    said = joined(said, reply);
    const next = reply.status >= 300 && reply.status < 400 ? nextOf(reply, source) : null;
    if (next !== null && hop < mostHops) {
      url = next;
      continue;
    }
    return {
      isThere: reply.status >= 200 && reply.status < 400,
      commit: said.get('x-repo-commit'),
      etag:
        /^(?:W\/)?"([!-~]{1,200})"$/.exec(said.get('x-linked-etag') ?? said.get('etag') ?? '')?.[1] ?? null,
      sizeBytes: sizeIn(said),
      reply,
    };
  }
}

/** What is said first counts: later answers are of whoever has the bytes. */
function joined(said: Headers, { headers, status }: Reply): Headers {
  const all = new Headers(said);
  const names = ['x-repo-commit', 'x-linked-etag', 'x-linked-size'];
  for (const name of status === 200 ? [...names, 'etag', 'content-length'] : names) {
    const value = headers.get(name);
    if (value !== null && !all.has(name)) all.set(name, value);
  }
  return all;
}

function nextOf({ headers, url }: Reply, source: Source): string | null {
  const to = URL.parse(headers.get('location') ?? '', url);
  return to !== null && to.origin === new URL(source.url).origin ? to.href : null;
}

function sizeIn(said: Headers): number | null {
  const text = said.get('x-linked-size') ?? said.get('content-length') ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function factsOf({ etag, sizeBytes }: Head, source: Source): Facts {
  const sha256 = etag !== null && /^[0-9a-f]{64}$/.test(etag) ? etag : null;
  const git = etag !== null && /^[0-9a-f]{40}$/.test(etag) ? etag : null;
  return { source: source.url, sha256, git, sizeBytes };
}
