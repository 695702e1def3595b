/**
 * At the origin: indexes. What an upstream says of a project is read once, whatever it speaks, and kept in one form (`index/stored.ts`), which
 * every rendering is made of and every file is found in. What the policy is against stays in an index, as withdrawn with the reason (PEP
 * 592): resolvers pass it over, and who asks for that very version is told why.
 */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { cacheControlOf } from '../kept-for.ts';
import { documentAnswer, errorAnswer } from '../registry/answers.ts';
import { pullIndex } from '../registry/document.ts';
import type { Item, Pulling } from '../registry/ecosystem.ts';
import { readItem } from '../registry/item.ts';
import type { Judge } from '../registry/policy/judge-of.ts';
import { refusalOf } from '../registry/policy/refusal.ts';
import { fetchWhole, passError } from '../registry/upstream.ts';
import { turn } from '../turn.ts';
import { hostedNames } from './hosted/serve.ts';
import { NotAnIndex, type PageFile, type ProjectPage, type StoredPage, uploadedMs } from './index/page.ts';
import { readHtmlList, readHtmlPage } from './index/read-html.ts';
import { readJsonList, readJsonPage } from './index/read-json.ts';
import { readStored, writeStored } from './index/stored.ts';
import { isProjectName, normalise } from './names.ts';
import { renderings } from './negotiate.ts';
import { indexItem, source } from './path.ts';
import { listIn, type Rendered, renderingIn } from './rendering.ts';
import { versions } from './version.ts';

/** JSON where there is some: it says more. */
const accept = `${renderings.json}, ${renderings.html}; q=0.2, ${renderings.text}; q=0.1`;

/** To be raised when the same bytes of an upstream are read as something else. */
const revision = 1;

export async function pullProject(item: Item, at: Pulling): Promise<Answer> {
  const { name } = item;
  if (name === null) throw new TypeError('an index without a project');
  if (item.form === source) return pullSource(name, item, at);
  const found = await readItem(indexItem(name, source), at);
  if (found.status !== 200) return passRead(found);
  return madeOf(renderingIn(item.form, offered(readStored(found.bytes))), found.headers, at);
}

/** @param from head of what it is made of: it is fresh no longer than that. */
function madeOf(document: Rendered, from: Headers, { registry, ask }: Pulling): Answer {
  return documentAnswer(document, ask.stored, cacheControlOf(registry.metadata, from));
}

function pullSource(name: string, item: Item, at: Pulling): Promise<Answer> {
  return pullIndex(
    item,
    {
      ...{ path: `/${name}/`, accept, revision },
      derive(bytes, { source: { url: from }, url, headers, judge }) {
        const page = reading(() => (isJson(headers) ? readJsonPage : readHtmlPage)(name, bytes, url));
        const files = page.files.map((file) => ({
          ...file,
          refused: whyRefused(name, file, judge, at.registry.clock.now()),
        }));
        return { body: writeStored({ ...page, from, files }), type: 'application/json' };
      },
    },
    at,
  );
}

function whyRefused(name: string, file: PageFile, judge: Judge, nowMs: number): string | null {
  const { version } = file;
  const against = judge.against({ version, publishedMs: uploadedMs(file) });
  return against && refusalOf(`${name}@${version}`, against, nowMs).message;
}

/** Of its files, the one that was uploaded last: each is judged by its own time. */
export async function factsOf(
  name: string,
  version: string,
  at: Pulling,
): Promise<{ readonly publishedMs: number | null } | null> {
  const found = await readItem(indexItem(name, source), at);
  if (found.status !== 200 || !versions.isVersion(version)) return null;
  const files = readStored(found.bytes).files.filter((file) => versions.compare(file.version, version) === 0);
  if (files.length === 0) return null;
  const times = files.map(uploadedMs);
  return { publishedMs: times.includes(null) ? null : Math.max(...times.map(Number)) };
}

/** @throws `upstream-invalid`. */
function isJson(headers: Headers): boolean {
  const type = (headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === renderings.json || type === 'application/json') return true;
  if (type === renderings.html || type === renderings.text) return false;
  throw new MeridianError(
    'upstream-invalid',
    `The upstream's index is ${type || 'of no type'}, neither HTML nor JSON.`,
  );
}

function reading<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asInvalid(error);
  }
}

function asInvalid(cause: unknown): unknown {
  if (!(cause instanceof NotAnIndex)) return cause;
  const detail = `The upstream's index cannot be used: ${cause.message}.`;
  return new MeridianError('upstream-invalid', detail, { cause });
}

/** As clients see it. */
function offered(page: StoredPage): ProjectPage {
  return {
    ...page,
    files: page.files.map((file) => (file.refused === null ? file : { ...file, yanked: file.refused })),
  };
}

/** Between two turns for everybody else. */
const namesAtOnce = 10_000;

/** All projects that all upstreams have, and those that live here and are public. */
export async function pullList(item: Item, at: Pulling): Promise<Answer> {
  if (item.form !== source) {
    const found = await readItem(indexItem(null, source), at);
    if (found.status !== 200) return passRead(found);
    return madeOf(listIn(item.form, readJsonList(found.bytes)), found.headers, at);
  }
  const names = new Set<string>();
  for await (const name of hostedNames(at)) names.add(name);
  for (const upstream of at.registry.sources.all) {
    const found = await fetchWhole(upstream, '/', { accept }, at);
    if (found.status === 404) continue;
    if (found.status !== 200) return passError({ ...found, body: null }, 'list of projects', at.registry);
    const { bytes, headers, url } = found;
    const listed = reading(() => (isJson(headers) ? readJsonList(bytes) : readHtmlList(bytes, url)));
    for (const [place, written] of listed.entries()) {
      // Hundreds of thousands, where an upstream has all of the language's.
      if (place % namesAtOnce === 0) await turn();
      if (!isProjectName(written)) continue;
      const name = normalise(written);
      if (at.registry.sources.of(name).includes(upstream)) names.add(name);
    }
  }
  if (names.size === 0 && at.registry.hosted === null)
    return errorAnswer(at.registry.ecosystem, 404, 'No upstream has a list of its projects.');
  return madeOf(listIn('json', [...names].sort()), new Headers(), at);
}

/** What was found in place of a document, as an answer to whoever wanted something made of that. */
export function passRead({ status, headers, bytes }: Awaited<ReturnType<typeof readItem>>): Answer {
  const kept = new Headers({ 'content-length': String(bytes.byteLength) });
  for (const name of ['content-type', 'cache-control', 'retry-after']) {
    const value = headers.get(name);
    if (value !== null) kept.set(name, value);
  }
  return { status, headers: kept, body: new Uint8Array(bytes) };
}
