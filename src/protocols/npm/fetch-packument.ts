/**
 * One round trip to the upstream for a package: asks whether its document has changed, and has the worker
 * make the canonical documents if so.
 */
import type { Answer } from '../../entry.ts';
import type { OriginDoor } from '../../protocol.ts';
import type { Budget } from '../budget.ts';
import { markOf } from '../registry/policy/terms.ts';
import type { Deriver } from './deriver.ts';
import { type Form, mediaTypes } from './form.ts';
import type { Documents } from './job.ts';
import type { Outlines } from './outlines.ts';
import type { Enforcement } from './packument.ts';
import { packumentUrl, type Remotes } from './remotes.ts';
import { original, type Source } from './source.ts';
import { collect, get, passError } from './upstream.ts';

/** An upstream that knows no abbreviated form sends the full one rather than 406. */
const accepts = {
  abbreviated: `${mediaTypes.abbreviated}; q=1.0, ${mediaTypes.full}; q=0.8, */*`,
  full: mediaTypes.full,
} as const satisfies Record<Form, string>;

export type Fetched =
  /** A new document. */
  | { readonly as: 'derived'; readonly source: Source; readonly head: Headers; readonly documents: Documents }
  /** What was made of `source` still holds. */
  | { readonly as: 'unchanged'; readonly source: Source; readonly head: Headers }
  /** Anything but a document: not there, too many requests, out of order. */
  | { readonly as: 'error'; readonly answer: Answer };

export interface Wanted {
  /** What the upstream is asked for. */
  readonly form: Form;
  /** Whether the full form is to be made. */
  readonly withFull: boolean;
  readonly policy: Enforcement | null;
}

export interface Fetching {
  readonly origin: OriginDoor;
  readonly remotes: Remotes;
  readonly deriver: Deriver;
  readonly outlines: Outlines;
  readonly budget: Budget;
  readonly maxPackumentBytes: number;
}

export async function fetchPackument(
  { origin, remotes, deriver, outlines, budget, maxPackumentBytes: maxBytes }: Fetching,
  name: string,
  { form, withFull, policy }: Wanted,
  stored: Source | null,
  signal: AbortSignal,
): Promise<Fetched> {
  const remote = remotes.of(name);
  const headers = new Headers({ accept: accepts[form], 'accept-encoding': 'gzip' });
  if (stored?.form === form) addConditions(headers, stored);
  const answer = await get(origin, remotes, remote, packumentUrl(remote, name), headers, signal);
  if (answer.status === 304 && stored !== null)
    return { as: 'unchanged', source: stored, head: answer.headers };
  if (answer.status !== 200) return { as: 'error', answer: await passError(answer, name) };

  const share = budget.share();
  try {
    const chunks = await collect(answer, maxBytes, share);
    const { sha256, documents, outline } = await deriver.run(
      {
        task: 'derive',
        name,
        remoteUrl: remote.url,
        chunks,
        gzip: answer.headers.get('content-encoding') === 'gzip',
        maxBytes,
        unless: stored?.sha256 ?? null,
        full: withFull ? 'yes' : isAbbreviated(answer) ? 'no' : 'if-small',
        isAbbreviated: isAbbreviated(answer),
        policy,
      },
      chunks,
    );
    const source: Source = {
      remote: remote.url,
      form,
      etag: answer.headers.get('etag'),
      lastModified: answer.headers.get('last-modified'),
      sha256,
      stamp: stampOf(policy, documents, stored),
    };
    if (outline !== null) outlines.remember(name, original(source), outline);
    return documents === null
      ? { as: 'unchanged', source, head: answer.headers }
      : { as: 'derived', source, head: answer.headers, documents };
  } finally {
    share.release();
  }
}

/** Under which terms the documents were made; of those that are as before, when they change is known. */
export function stampOf(
  policy: Enforcement | null,
  documents: Documents | null,
  stored: Source | null,
): Source['stamp'] {
  if (policy === null) return null;
  const changesAtMs =
    documents === null ? (stored?.stamp?.changesAtMs ?? null) : documents.ruling.changesAtMs;
  return { terms: markOf(policy.terms), changesAtMs };
}

function addConditions(headers: Headers, stored: Source): void {
  if (stored.etag !== null) headers.set('if-none-match', stored.etag);
  if (stored.lastModified !== null) headers.set('if-modified-since', stored.lastModified);
}

function isAbbreviated(answer: Answer): boolean {
  return answer.headers.get('content-type')?.toLowerCase().startsWith(mediaTypes.abbreviated) === true;
}
