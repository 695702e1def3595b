/**
 * Files of artifacts, and their checksums, from the first upstream that has them. The bytes are compared with every checksum that the upstream
 * gives, so that what clients are told is true of what they get.
 */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { type Digest, fromShasum, verified } from '../../http/digest.ts';
import { chunksOf } from '../bodies.ts';
import { cacheControlOf, immutable } from '../kept-for.ts';
import { documentAnswer, errorAnswer } from '../registry/answers.ts';
import type { Item, Pulling } from '../registry/ecosystem.ts';
import { pullFile, pullFirst } from '../registry/file.ts';
import type { Source } from '../registry/sources.ts';
import { checksumType, typeOf } from './items.ts';
import { type Checksum, type FilePlace, pathOf } from './place.ts';
import { maxPomBytes } from './pom.ts';
import type { Times } from './times.ts';
import { asked, checksumAt, type Sums, type Vouchers } from './vouch.ts';

export interface Pullers {
  readonly vouchers: Vouchers;
  readonly times: Times;
  readonly checksums: 'require' | 'warn';
}

export function pullArtifact(item: Item, place: FilePlace, pullers: Pullers, at: Pulling): Promise<Answer> {
  const sources = at.registry.sources.of(item.name);
  return pullFirst(sources, item, at, (source) => pullFrom(source, item, place, pullers, at));
}

async function pullFrom(
  source: Source,
  item: Item,
  place: FilePlace,
  { vouchers, times, checksums }: Pullers,
  at: Pulling,
): Promise<Answer> {
  const { registry } = at;
  const path = `/${pathOf(place)}`;
  const vouched = await vouchers.of(source, place, at);
  if (vouched.is === 'refused') return vouched.answer;
  if (vouched.is === 'absent') return errorAnswer(registry.ecosystem, 404, `There is no ${item.path}.`);
  const { sums } = vouched;
  const digests = digestsOf(sums);
  const isSignature = place.extension.endsWith('asc');
  if (digests.length === 0 && checksums === 'require' && !isSignature) {
    throw new MeridianError(
      'upstream-invalid',
      `${source.name} has no checksum of ${item.path}. Where that is as it should be: \`checksums: 'warn'\`.`,
    );
  }
  const isMutable = place.build === null;
  const answer = await pullFile(
    item,
    {
      ...{ source, url: path, digest: digests[0] ?? null, type: typeOf(place), version: place.version },
      publishedMs: await times.of(source, place, at),
      neverChanges: !isMutable,
      ...(isMutable && { cacheControl: cacheControlOf(registry.metadata, new Headers()) }),
    },
    at,
  );
  if (answer.status === 200 || answer.status === 304) tell(answer.headers, sums);
  if (answer.status !== 200 || answer.body === null) return answer;
  const compared = comparedWith(answer, digests.slice(1), item.path);
  return place.extension === 'pom' ? wholeOf(compared, item.path) : compared;
}

/** Newer clients read them here, and ask for no checksum files. */
function tell(headers: Headers, sums: Sums): void {
  for (const by of asked) {
    const sum = sums[by];
    if (sum !== undefined) headers.set(`x-checksum-${by}`, sum);
  }
}

/** The strongest first. */
function digestsOf(sums: Sums): Digest[] {
  return asked.flatMap((by) => fromShasum(sums[by] ?? '') ?? []);
}

/** The strongest is compared by every tier; the others once, here. */
function comparedWith(answer: Answer, digests: readonly Digest[], what: string): Answer {
  if (digests.length === 0 || answer.body === null) return answer;
  const stream = answer.body instanceof Uint8Array ? new Blob([answer.body]).stream() : answer.body;
  const body = digests.reduce<ReadableStream<Uint8Array>>(
    (bytes, digest) =>
      verified(
        bytes,
        digest,
        () =>
          new MeridianError(
            'digest-mismatch',
            `${what} is not what its ${digest.algorithm.toUpperCase()} file says.`,
          ),
      ),
    stream,
  );
  return { ...answer, body };
}

/** A POM says what is asked for next, so it is not streamed. */
async function wholeOf(answer: Answer, what: string): Promise<Answer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(answer.body)) {
    bytes += chunk.byteLength;
    if (bytes > maxPomBytes) {
      throw new MeridianError(
        'upstream-invalid',
        `${what} is longer than a POM may be (${maxPomBytes} bytes).`,
      );
    }
    chunks.push(chunk);
  }
  return { ...answer, body: new Uint8Array(Buffer.concat(chunks, bytes)) };
}

/** Of the upstream that the file comes from. One that nobody vouches for has none: what was computed here would prove nothing. */
export async function pullChecksum(
  item: Item,
  place: FilePlace,
  by: Checksum,
  { vouchers }: Pullers,
  at: Pulling,
): Promise<Answer> {
  const { registry, ask } = at;
  const path = `/${pathOf(place)}`;
  for (const source of registry.sources.of(item.name)) {
    const vouched = await vouchers.of(source, place, at);
    if (vouched.is === 'refused') return vouched.answer;
    if (vouched.is === 'absent') continue;
    const sum = vouched.sums[by] ?? (by === 'md5' ? await md5At(source, path, at) : undefined);
    // The file comes from here: another upstream's checksum would be of another file.
    if (sum === undefined) break;
    const cacheControl = place.build === null ? cacheControlOf(registry.metadata, new Headers()) : immutable;
    return documentAnswer({ body: sum, type: checksumType }, ask.stored, cacheControl);
  }
  return errorAnswer(registry.ecosystem, 404, `There is no ${item.path}.`);
}

async function md5At(source: Source, path: string, at: Pulling): Promise<string | undefined> {
  const { sum, failure } = await checksumAt(source, path, 'md5', at);
  if (failure instanceof MeridianError) throw failure;
  return sum;
}
