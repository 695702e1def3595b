/**
 * `/versions` of a route: what its upstreams say, followed by what they append, and what the gems say that live here, as lines of their own. A new
 * line is always appended, whoever it comes from, so clients go on from what they have. Only where an upstream begins its file anew (as it
 * does each month), where the policy has changed, and when an origin starts, does the file start again, and clients fetch it whole once.
 *
 * What it says of a gem agrees with that gem's `/info`, by the digest in the third column. Where a policy takes versions out of `/info`, that column
 * is another one than the upstream's: one that no file has, so that clients ask for `/info` each time, and mostly hear that it is what they have.
 */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { formatReprDigest } from '../../http/digest.ts';
import { cacheControlOf } from '../kept-for.ts';
import { errorAnswer } from '../registry/answers.ts';
import type { Pulling, RegistryOrigin } from '../registry/ecosystem.ts';
import { namesOf } from '../registry/hosted/find.ts';
import { indexTag } from '../registry/item.ts';
import type { Source } from '../registry/sources.ts';
import { turn } from '../turn.ts';
import { type Followed, followOn, type Step } from './follow.ts';
import { ownGem } from './hosted/builds.ts';
import { differing, edited, LineReader, lineBetween, md5Of, namesIn, type Told, VersionsLog } from './log.ts';

/** The file as this origin has made it so far. */
interface Generation {
  readonly log: VersionsLog;
  readonly followed: Map<Source, { readonly reader: LineReader; at: Followed }>;
  readonly told: Map<string, Told>;
  /** Of the policy: under another one, other lines would have been written. */
  readonly mark: string;
}

interface Kept {
  generation: Generation | null;
  /** One after the other: two at once would both append the same. */
  turn: Promise<unknown>;
}

/** Per route of this process. As long as the longest file of its upstreams. */
const kept = new WeakMap<RegistryOrigin, Kept>();

const ownHead = 'created_at: 1970-01-01T00:00:00Z\n---\n';

export async function pullVersions(at: Pulling): Promise<Answer> {
  const mine = kept.get(at.registry) ?? { generation: null, turn: Promise.resolve() };
  kept.set(at.registry, mine);
  const made = mine.turn.then(() => goOn(mine, at));
  mine.turn = made.catch(() => {}); // whoever waits for it hears of it
  const result = await made;
  return 'status' in result ? result : answerOf(result, at);
}

async function goOn(mine: Kept, at: Pulling): Promise<Generation | Answer> {
  const mark = policyMark(at);
  const before = mine.generation?.mark === mark ? mine.generation : null;
  const steps = before === null ? null : await stepsFrom(before, at);
  if (steps !== null && !isArray(steps)) return steps;
  if (before !== null && steps !== null) {
    mine.generation = null; // what breaks off half-way is not gone on from
    await append(before, steps, at);
    mine.generation = before;
    return before;
  }
  const next = await begun(mark, at);
  if ('status' in next) return next;
  if (before !== null)
    await forgetInfo(await differing(before.log.whole().body, next.log.whole().body, turn), at);
  mine.generation = next;
  return next;
}

type Steps = readonly (readonly [Source, Step])[];

/** What has come from each upstream; `null`: something does not go on from what there is. Changes nothing: an upstream may fail. */
async function stepsFrom({ followed }: Generation, at: Pulling): Promise<Steps | Answer | null> {
  const steps: (readonly [Source, Step])[] = [];
  for (const source of at.registry.sources.all) {
    const known = followed.get(source);
    const step = await followOn(source, '/versions', known?.at ?? null, at);
    if (step.as === 'failed') return step.answer;
    if (step.as === 'absent' && known === undefined) continue;
    if (step.as === 'absent' || step.as === 'anew' || known === undefined) return null;
    steps.push([source, step]);
  }
  return steps;
}

function isArray(steps: Steps | Answer): steps is Steps {
  return Array.isArray(steps);
}

async function append(generation: Generation, steps: Steps, at: Pulling): Promise<void> {
  const named = new Set<string>();
  for (const [source, step] of steps) {
    const known = generation.followed.get(source);
    if (known === undefined || !('followed' in step)) continue;
    known.at = step.followed;
    if (step.as === 'more') await addLines(generation, source, known.reader, step.bytes, at, named);
  }
  await forgetInfo(named, at);
  await tellOwn(generation, at);
}

/**
 * Whoever reads here that a gem has changed has to find that in its `/info`: before the new lines are given out, no node has the old one any more.
 */
async function forgetInfo(names: ReadonlySet<string>, { registry, door }: Pulling): Promise<void> {
  if (names.size === 0 || names.size > mostNamed) return;
  const tags = [...names].map((name) => indexTag(registry.ecosystem.id, name));
  try {
    await door.purge(tags.map((tag) => ({ by: 'tag', tag })));
  } catch (error) {
    // It is tried again without us; until then, `/info` may be as old as its own times allow.
    if (!(error instanceof MeridianError && error.code === 'bus-unreachable')) throw error;
  }
}

/** Of more gems than this since the last look, the times of `/info` decide alone. */
const mostNamed = 500;

async function begun(mark: string, at: Pulling): Promise<Generation | Answer> {
  const { sources } = at.registry;
  const generation: Generation = { log: new VersionsLog(), followed: new Map(), told: new Map(), mark };
  const steps: (readonly [Source, Step])[] = [];
  for (const source of sources.all) {
    const step = await followOn(source, '/versions', null, at);
    if (step.as === 'failed') return step.answer;
    steps.push([source, step]);
  }
  if (steps.length > 0 && steps.every(([, { as }]) => as === 'absent') && at.registry.hosted === null)
    return errorAnswer(at.registry.ecosystem, 404, 'The upstream has no compact index.');
  // The one that is preferred comes last: of a gem's lines, the last one counts.
  for (const [source, step] of steps.toReversed()) {
    if (step.as !== 'anew') continue;
    const reader = new LineReader();
    generation.followed.set(source, { reader, at: step.followed });
    await addLines(generation, source, reader, step.bytes, at);
  }
  if (generation.log.sizeBytes === 0) generation.log.append(Buffer.from(ownHead));
  await tellOwn(generation, at);
  return generation;
}

async function addLines(
  { log }: Generation,
  source: Source,
  reader: LineReader,
  bytes: Uint8Array,
  { registry }: Pulling,
  named: Set<string> | null = null,
): Promise<void> {
  const { sources, hosted, policy } = registry;
  const isAlone = sources.all.length === 1 && sources.of(null)[0] === source;
  const { head, lines } = reader.read(bytes);
  if (log.sizeBytes === 0) log.append(Buffer.from(head === '' ? ownHead : head));
  if (log.sizeBytes + lines.length > registry.maxIndexBytes)
    throw new MeridianError(
      'upstream-invalid',
      `/versions exceeds ${registry.maxIndexBytes} bytes (\`maxIndexBytes\`).`,
    );
  if (named !== null) for (const name of namesIn(lines)) named.add(name);
  if (isAlone && hosted === null && policy === null) return inPieces(log, lines);
  const edit = (name: string, line: string) => {
    if (!sources.of(name).includes(source)) return null;
    const mark = policy?.judgeOf(name).mark ?? '';
    return mark === '' ? line : unlike(line, mark);
  };
  await inPieces(log, await edited(lines, edit, turn));
}

/** A file of tens of megabytes takes a tenth of a second to be hashed: with a turn for everybody else after each piece. */
async function inPieces(log: VersionsLog, lines: Uint8Array): Promise<void> {
  for (let at = 0; at < lines.length; at += pieceBytes) {
    log.append(lines.slice(at, at + pieceBytes));
    await turn();
  }
}

const pieceBytes = 1024 * 1024;

/** With a digest that no file has. */
function unlike(line: string, mark: string): string {
  const blank = line.lastIndexOf(' ');
  return `${line.slice(0, blank)} ${md5Of(line.slice(blank + 1) + mark)}`;
}

/** What has changed of the gems that live here, and that all may read. */
async function tellOwn({ log, told }: Generation, at: Pulling): Promise<void> {
  const { hosted } = at.registry;
  if (hosted === null) return;
  const seen = new Set<string>();
  for await (const name of namesOf(at)) {
    if (!hosted.claims(name) || at.registry.isRestricted(name)) continue;
    seen.add(name);
    tell(log, told, name, await ownGem(name, at));
  }
  for (const name of told.keys()) if (!seen.has(name)) tell(log, told, name, null);
}

function tell(log: VersionsLog, told: Map<string, Told>, name: string, now: Told | null): void {
  const before = told.get(name);
  const next = now ?? { numbers: new Set<string>(), md5: md5Of('') };
  if (before === undefined && next.numbers.size === 0) return;
  const line = lineBetween(name, before, next);
  if (line !== null) log.append(Buffer.from(`${line}\n`));
  told.set(name, next);
}

/** The same for the same policy: its rules are those of the route, and advisories come and go. Empty: there is none. */
function policyMark({ registry: { policy } }: Pulling): string {
  return policy === null ? '' : `as of ${policy.feed?.readMs ?? 0}`;
}

function answerOf({ log, followed }: Generation, { registry, ask }: Pulling): Answer {
  const { body, md5, sha256 } = log.whole();
  const [first] = [...followed.values()];
  const headers = new Headers({
    etag: `"${md5}"`, // what Bundler before 2.5 compares the file with
    'cache-control': cacheControlOf(registry.metadata, first?.at.headers ?? new Headers()),
  });
  if (ask.stored?.etag === headers.get('etag')) return { status: 304, headers, body: null };
  headers.set('content-type', 'text/plain; charset=utf-8');
  headers.set('content-length', String(body.byteLength));
  headers.set('repr-digest', formatReprDigest({ algorithm: 'sha256', value: sha256 }));
  return { status: 200, headers, body };
}
