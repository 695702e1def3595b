/**
 * The answer that a copy in a key/value store stands for. Short bodies have been compared with their digest when they were found;
 * a long one is compared as it streams, and its last piece is held back until then.
 */
import { ageS } from '../cache/freshness.ts';
import type { Clock } from '../clock.ts';
import type { Answer } from '../entry.ts';
import { MeridianError } from '../errors.ts';
import { verified } from '../http/digest.ts';
import type { Copies, Copy } from '../kv/copies.ts';
import { inTime } from '../kv/in-time.ts';
import type { Ask } from '../parent.ts';

/** For the next piece of a long body. */
const betweenPiecesMs = 5000;

/** As the parent would give it: 304 where it is what the asker has already. `null`: its body is not there. */
export async function answerOf(
  copy: Copy,
  { stored }: Ask,
  copies: Copies,
  clock: Clock,
): Promise<Answer | null> {
  const { etag } = copy.record;
  const isKnown = stored !== null && etag !== null && etag === (stored.sourceEtag ?? stored.etag);
  return isKnown
    ? { status: 304, headers: headersOf(copy, clock.now()), body: null }
    : wholeAnswerOf(copy, copies, clock);
}

export async function wholeAnswerOf(copy: Copy, copies: Copies, clock: Clock): Promise<Answer | null> {
  const { record, bytes } = copy;
  const body = bytes ?? (await longBody(copy, copies, clock));
  if (body === null) return null;
  const headers = headersOf(copy, clock.now());
  headers.set('content-length', String(record.sizeBytes));
  return { status: record.status, headers, body };
}

function headersOf({ record }: Copy, nowMs: number): Headers {
  const headers = new Headers(record.fields.map(([name, value]) => [name, value] as [string, string]));
  // Whole seconds, and rather older than younger.
  headers.set('age', String(Math.ceil(ageS(record.freshness, nowMs))));
  return headers;
}

async function longBody(
  copy: Copy,
  copies: Copies,
  clock: Clock,
): Promise<ReadableStream<Uint8Array> | null> {
  const body = await copies.open(copy);
  if (body === null) return null;
  const spoilt = (what: string) => {
    copies.spoilt(copy);
    return new MeridianError('upstream-truncated', `the copy in ${copies.name} ${what}`);
  };
  const value = Buffer.from(copy.record.sha256, 'hex').toString('base64');
  return verified(
    watched(body, clock, () => spoilt('broke off')),
    { algorithm: 'sha256', value },
    () => spoilt('is not what its digest promises'),
  );
}

/** What fails, or brings nothing for long, has broken off. */
function watched(
  body: ReadableStream<Uint8Array>,
  clock: Clock,
  brokeOff: () => Error,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await inTime(reader.read(), betweenPiecesMs, clock);
          if (done) controller.close();
          else controller.enqueue(value);
        } catch {
          controller.error(brokeOff());
          // The store has told what was the matter with it.
          reader.cancel().catch(() => undefined);
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
