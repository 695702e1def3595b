/**
 * What an upstream says that a file of its must hash to: by the checksum files beside it, or else by fields of its answer. With that the file is
 * fetched, and every tier compares it. What is found is remembered for a minute, because clients ask for the file and its checksum one after the other.
 */
import type { Clock } from '../../clock.ts';
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { discard } from '../bodies.ts';
import type { Pulling } from '../registry/ecosystem.ts';
import type { Source } from '../registry/sources.ts';
import { askUpstream, fetchWhole, passError } from '../registry/upstream.ts';
import { maxChecksumBytes, readChecksum } from './checksum.ts';
import { type Checksum, type FilePlace, pathOf } from './place.ts';

/** In lower-case hexadecimal. */
export type Sums = Readonly<Partial<Record<Checksum, string>>>;

export type Vouched =
  | { readonly is: 'there'; readonly sums: Sums }
  /** There is no such file. */
  | { readonly is: 'absent' }
  /** The upstream's failure, as a client should hear of it. */
  | { readonly is: 'refused'; readonly answer: Answer };

export interface Vouchers {
  of(source: Source, place: FilePlace, at: Pulling): Promise<Vouched>;
}

/** Those that are asked for of each file, the strongest first. */
export const asked: readonly Checksum[] = ['sha512', 'sha256', 'sha1'];
const rememberedMs = 60_000;
const mostRemembered = 2000;
/** Not there, or not for reading: stores of files say 403 of what is not there, too. */
const none: ReadonlySet<number> = new Set([401, 403, 404, 410, 451]);
const absent: ReadonlySet<number> = new Set([404, 410, 451]);

export function openVouchers(clock: Clock): Vouchers {
  const known = new Map<string, { readonly sums: Sums; readonly untilMs: number }>();
  /** `null`: whoever asked has left before it was answered. */
  const underWay = new Map<string, Promise<Vouched | null>>();

  function remember(key: string, sums: Sums): void {
    // Maps keep the order in which things came: the first is the oldest.
    const oldest = known.size >= mostRemembered ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
    known.set(key, { sums, untilMs: clock.now() + rememberedMs });
  }

  async function askFor(key: string, source: Source, path: string, at: Pulling): Promise<Vouched | null> {
    try {
      const vouched = await ask(source, path, at);
      if (vouched.is === 'there') remember(key, vouched.sums);
      return vouched;
    } catch (error) {
      if (at.ask.signal.aborted) return null;
      throw error;
    } finally {
      underWay.delete(key);
    }
  }

  return {
    async of(source, place, at) {
      const path = `/${pathOf(place)}`;
      // Where other bytes may come to stand, they have other checksums.
      if (place.build === null) return ask(source, path, at);
      const key = source.url + path;
      for (;;) {
        const before = known.get(key);
        if (before !== undefined && clock.now() < before.untilMs) return { is: 'there', sums: before.sums };
        known.delete(key);
        at.ask.signal.throwIfAborted();
        // The file and its checksum are asked for at the same time, too.
        const asking = underWay.get(key) ?? askFor(key, source, path, at);
        underWay.set(key, asking);
        const vouched = await asking;
        if (vouched !== null) return vouched;
      }
    },
  };
}

async function ask(source: Source, path: string, at: Pulling): Promise<Vouched> {
  const found = await Promise.all(asked.map((by) => checksumAt(source, path, by, at)));
  const sums = Object.fromEntries(found.flatMap(({ by, sum }) => (sum === undefined ? [] : [[by, sum]])));
  if (Object.keys(sums).length > 0) return { is: 'there', sums };
  for (const { failure } of found) {
    if (failure === undefined) continue;
    if (failure instanceof MeridianError) throw failure;
    return { is: 'refused', answer: failure };
  }
  return askItself(source, path, at);
}

interface Asked {
  readonly by: Checksum;
  readonly sum?: string;
  readonly failure?: MeridianError | Answer;
}

/** One checksum file. What is broken about it counts only where no other says what the file must be. */
export async function checksumAt(source: Source, path: string, by: Checksum, at: Pulling): Promise<Asked> {
  try {
    const { status, headers, bytes } = await fetchWhole(
      source,
      `${path}.${by}`,
      { maxBytes: maxChecksumBytes },
      at,
    );
    if (none.has(status)) return { by };
    if (status !== 200) {
      return { by, failure: await passError({ status, headers, body: null }, `${path}.${by}`, at.registry) };
    }
    const sum = readChecksum(bytes, by);
    if (sum !== null) return { by, sum };
    return {
      by,
      failure: new MeridianError('upstream-invalid', `${source.name}: ${path}.${by} holds no checksum.`),
    };
  } catch (error) {
    if (!(error instanceof MeridianError) || error.row.blame !== 'upstream') throw error;
    return { by, failure: error };
  }
}

/** Repositories that write no checksum files say them in the head of the file (Nexus, Artifactory, the mirrors of Central), or not at all. */
async function askItself(source: Source, path: string, at: Pulling): Promise<Vouched> {
  const answer = await askUpstream(source, path, { method: 'HEAD' }, at);
  const { status, headers } = answer;
  if (absent.has(status)) {
    await discard(answer);
    return { is: 'absent' };
  }
  // Whoever does not answer HEAD is asked for the file itself.
  if (status !== 200 && status !== 405 && status !== 501) {
    return { is: 'refused', answer: await passError(answer, path, at.registry) };
  }
  await discard(answer);
  return { is: 'there', sums: status === 200 ? sumsIn(headers) : {} };
}

function sumsIn(headers: Headers): Sums {
  // Nexus 2: `ETag: "{SHA1{…}}"`.
  const tag = /^"?\{SHA1\{([0-9a-f]{40})\}\}"?$/i.exec(headers.get('etag') ?? '')?.[1];
  const sums = asked.flatMap((by) => {
    const field = headers.get(`x-checksum-${by}`) ?? (by === 'sha1' ? tag : undefined);
    const sum = field == null ? null : readChecksum(new TextEncoder().encode(field), by);
    return sum === null ? [] : [[by, sum] as const];
  });
  return Object.fromEntries(sums);
}
