/**
 * Indexes: documents that say which versions there are. Each is made of an upstream's, and made again only when that has changed, or the terms
 * of the policy. So a huge index is read once per change, at the origin, for the whole network.
 */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { cacheControlOf } from '../kept-for.ts';
import { sourceField } from '../rendered.ts';
import { absentStatuses, type Document, documentAnswer, errorAnswer } from './answers.ts';
import type { Item, Pulling } from './ecosystem.ts';
import { freeJudge, type Judge } from './policy/judge-of.ts';
import { type Made, madeOf, writeMade } from './source-field.ts';
import type { Source } from './sources.ts';
import { passError, type Whole, withWhole } from './upstream.ts';

export interface IndexWanted {
  /** Below the source's address, with a leading slash. */
  readonly path: string;
  readonly accept?: string;
  readonly maxBytes?: number;
  /** To be raised when the same bytes of an upstream lead to another document. */
  readonly revision: number;
  /** Those that are asked, the first that has it is the one; absent: those of the item's name. */
  readonly sources?: readonly Source[];
  /** @throws `upstream-invalid` for what cannot be read. */
  derive(bytes: Uint8Array, from: Origin): Document | Promise<Document>;
  /** An error in the ecosystem's own words, which may have fields of their own; `null`: as for all others. 404: the next source is asked. */
  refused?(found: Pick<Whole, 'status' | 'headers'>, source: Source): Answer | null;
}

export interface Origin {
  readonly source: Source;
  /** What has answered, after redirects: what relative addresses in it begin with. */
  readonly url: string;
  readonly headers: Headers;
  /** What the policy says of versions. Whatever is asked here bounds how long the document is fresh. */
  readonly judge: Judge;
}

export async function pullIndex(item: Item, wanted: IndexWanted, at: Pulling): Promise<Answer> {
  const { registry, ask } = at;
  const subject = item.name ?? item.path;
  let missing: Answer | null = null;
  for (const source of wanted.sources ?? registry.sources.of(item.name)) {
    const judge = judgeFor(item, at);
    const known = stillMade(source.url + wanted.path, wanted, judge, at);
    const headers = conditionsOf(known);
    const answer = await withWhole(source, wanted.path, { ...wanted, headers }, at, async (found) => {
      const told = found.status >= 400 ? (wanted.refused?.(found, source) ?? null) : null;
      if (absentStatuses.has(told?.status ?? found.status)) {
        missing = told;
        return null;
      }
      if (found.status === 304 && known !== null) return confirmed(known, found, at);
      if (found.status !== 200) return told ?? refused(found, subject, at);
      const { bytes, url } = found;
      const document = await wanted.derive(bytes, { source, url, headers: found.headers, judge });
      return answerOf(document, found, { url: source.url + wanted.path, wanted, judge }, at);
    });
    if (answer !== null) return answer;
  }
  const freshS = ask.background ? 0 : undefined;
  return missing ?? errorAnswer(registry.ecosystem, 404, `There is no ${subject}.`, freshS);
}

function judgeFor({ name }: Item, { registry }: Pulling): Judge {
  return name === null || registry.policy === null ? freeJudge : registry.policy.judgeOf(name);
}

/** What the stored document was made of, if the same would be made of it now. */
function stillMade(
  url: string,
  { revision }: IndexWanted,
  { mark }: Judge,
  { registry, ask }: Pulling,
): Made | null {
  const known = madeOf(ask.stored);
  if (known === null || known.url !== url || known.revision !== revision || known.mark !== mark) return null;
  // Without a validator nothing is asked that could be confirmed.
  if (known.etag === null && known.lastModified === null) return null;
  return known.untilMs !== null && registry.clock.now() >= known.untilMs ? null : known;
}

function conditionsOf(known: Made | null): Headers {
  const headers = new Headers();
  if (known?.etag != null) headers.set('if-none-match', known.etag);
  if (known?.lastModified != null) headers.set('if-modified-since', known.lastModified);
  return headers;
}

function confirmed(known: Made, { headers }: Whole, at: Pulling): Answer {
  const { stored } = at.ask;
  const fields = new Headers({ 'cache-control': freshness(known.untilMs, headers, at) });
  if (stored?.etag != null) fields.set('etag', stored.etag);
  fields.set(sourceField, writeMade(known));
  return { status: 304, headers: fields, body: null };
}

function answerOf(
  document: Document,
  { headers }: Whole,
  { url, wanted, judge }: { readonly url: string; readonly wanted: IndexWanted; readonly judge: Judge },
  at: Pulling,
): Answer {
  const { mark, untilMs } = judge;
  const answer = documentAnswer(document, at.ask.stored, freshness(untilMs, headers, at));
  const [etag, lastModified] = [headers.get('etag'), headers.get('last-modified')];
  answer.headers.set(
    sourceField,
    writeMade({ url, revision: wanted.revision, etag, lastModified, mark, untilMs }),
  );
  return answer;
}

function freshness(untilMs: number | null, headers: Headers, { registry }: Pulling): string {
  const leftS =
    untilMs === null ? undefined : Math.max(0, Math.floor((untilMs - registry.clock.now()) / 1000));
  return cacheControlOf(registry.metadata, headers, leftS);
}

async function refused({ status, headers }: Whole, subject: string, { registry }: Pulling): Promise<Answer> {
  if (status === 304)
    throw new MeridianError('upstream-invalid', 'The upstream confirms what was not asked about.');
  return passError({ status, headers, body: null }, subject, registry);
}
