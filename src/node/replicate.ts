/**
 * A parent with a key/value store in front of it: what the store has of an answer that the parent would give is given at once, and
 * what the parent answers is copied there, for the other nodes that ask it. Whatever is the matter with the store or its copy, the
 * parent is asked as if there were none: here, and nowhere else.
 */
import { discard } from '../cache/answer.ts';
import { isFailure } from '../cache/ask.ts';
import { failureIn } from '../cache/failing-answer.ts';
import { isFresh, mayServeOnError, remainingS } from '../cache/freshness.ts';
import { refusesStore } from '../cache/storable.ts';
import type { Clock } from '../clock.ts';
import type { Answer } from '../entry.ts';
import { asMeridianError, type MeridianError } from '../errors.ts';
import { type CacheStatus, formatCacheStatus } from '../http/cache-status.ts';
import { timing } from '../http/server-timing.ts';
import { selectingValue } from '../http/vary.ts';
import type { Absence, Copies, Copy, Found, Wanted } from '../kv/copies.ts';
import type { Ask, Parent } from '../parent.ts';
import type { Resource } from '../resource.ts';
import { answerOf, wholeAnswerOf } from './copied.ts';
import { copyOnTheWay } from './copy.ts';
import { marksOfEntry } from './purge-marks.ts';
import type { RecentPurges } from './recent-purges.ts';

export interface Replication {
  readonly route: string;
  readonly copies: Copies;
  /** Longer bodies are not copied. */
  readonly objectBytes: number;
  /** Nothing is kept for longer. */
  readonly lifetimeMs: number;
  readonly recent: RecentPurges;
  readonly clock: Clock;
}

export function replicated(parent: Parent, replication: Replication): Parent {
  const { copies, clock, recent } = replication;

  return async (ask) => {
    const { named } = ask;
    if (named.as !== 'resource' || !isAboutAll(ask, named)) return parent(ask);
    const startedMs = clock.elapsed();
    const wanted = wantedBy(ask, named, replication);
    const isBehind = ask.exchange.tier?.mustConfirm === true;
    const found = ask.reload || isBehind ? unasked(copies) : await copies.find(wanted);
    const copy = found.as === 'copy' ? found.copy : null;
    const isUsable = copy !== null && isFresh(copy.record.freshness, clock.now());
    const near = isUsable ? await answerOf(copy, ask, copies, clock) : null;
    const durationMs = clock.elapsed() - startedMs;
    ask.exchange.trace?.took(copies.name, startedMs, isUsable && near ? 'hit' : found.as);
    if (isUsable && near) return signed(near, hit(copies, copy, clock.now()), durationMs);

    const asked = { askedMs: clock.now(), followed: recent.followed };
    try {
      const answer = await parent(ask);
      if (isFailure(answer.status)) {
        const other = await standIn(copy, ask, failureIn(answer), replication, durationMs);
        if (other) discard(answer);
        return other ?? answer;
      }
      const kept = copyOnTheWay(answer, ask, named, { wanted, found, ...asked, ...replication });
      const why = isUsable ? { fwd: 'uri-miss', detail: 'corrupt' } : forward(found, ask);
      const status = { cache: copies.name, ...why, fwdStatus: answer.status, stored: kept !== null };
      return signed(kept ?? answer, status, durationMs);
    } catch (thrown) {
      const other = await standIn(copy, ask, asMeridianError(thrown), replication, durationMs);
      if (other) return other;
      throw thrown;
    }
  };
}

/** Not about a part, and not about what is for one client alone. */
function isAboutAll({ exchange, part }: Ask, resource: Resource): boolean {
  return exchange.method === 'GET' && !part && !refusesStore(exchange, resource);
}

/** All nodes that would ask their parent the same look for the same. */
function wantedBy({ exchange }: Ask, { key, ask, tags }: Resource, { route, recent }: Replication): Wanted {
  const question = ask === 'client' ? key : `${route} ${exchange.target} ${JSON.stringify(ask)}`;
  return {
    question,
    select: (names) => names.map((name) => selectingValue(name, exchange.headers)),
    marksOf: (more) => marksOfEntry(key, more),
    tags,
    trusts: recent.trusts,
  };
}

/** Something newer is wanted than what any store has. */
function unasked({ lastStamp }: Copies): Found {
  return { as: 'none', why: 'miss', stamp: lastStamp };
}

/** Something stale rather than a failure, within the times that it allows itself. What the cache itself has goes first. */
async function standIn(
  copy: Copy | null,
  ask: Ask,
  error: MeridianError,
  { copies, clock }: Replication,
  durationMs: number,
): Promise<Answer | null> {
  if (copy === null || ask.stored !== null || ask.reload) return null;
  if (!mayServeOnError(copy.record.freshness, clock.now(), error)) return null;
  const answer = await wholeAnswerOf(copy, copies, clock);
  const status = { ...hit(copies, copy, clock.now()), detail: `stale-if-error:${error.code}` };
  return answer && signed(answer, status, durationMs);
}

function hit({ name }: Copies, { record }: Copy, nowMs: number): CacheStatus {
  return { cache: name, hit: true, ttl: Math.floor(remainingS(record.freshness, nowMs)), detail: 'kv' };
}

/** Why it goes forward (RFC 9211 §2.2), and what the matter was. */
function forward(found: Found, { reload }: Ask): Pick<CacheStatus, 'fwd' | 'detail'> {
  if (found.as === 'copy') return { fwd: 'stale' };
  return reload ? { fwd: 'request' } : forwards[found.why];
}

const forwards: Record<Absence, Pick<CacheStatus, 'fwd' | 'detail'>> = {
  miss: { fwd: 'uri-miss' },
  'vary-miss': { fwd: 'vary-miss' },
  purged: { fwd: 'stale', detail: 'purged' },
  purging: { fwd: 'bypass', detail: 'purging' },
  corrupt: { fwd: 'uri-miss', detail: 'corrupt' },
  slow: { fwd: 'miss', detail: 'slow' },
  failed: { fwd: 'miss', detail: 'failed' },
  down: { fwd: 'bypass', detail: 'down' },
};

/** With the store's own member of `Cache-Status`, behind those beyond it, and what looking there took. */
function signed({ headers, ...rest }: Answer, status: CacheStatus, durationMs: number): Answer {
  const told = new Headers(headers);
  const append = (name: string, value: string) => {
    const beyond = headers.get(name);
    told.set(name, beyond === null ? value : `${beyond}, ${value}`);
  };
  append('cache-status', formatCacheStatus(status));
  append('server-timing', timing(status.cache, durationMs));
  return { ...rest, headers: told };
}
