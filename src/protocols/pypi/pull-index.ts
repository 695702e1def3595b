/**
 * At the origin: indexes. What an upstream says of a project is read once, whatever it speaks, and kept in one form (`index/stored.ts`), which
 * every rendering is made of and every file is found in. What the policy is against stays in an index, as withdrawn with the reason (PEP
 * 592): resolvers pass it over, and who asks for that very version is told why.
 */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { cacheControlOf, documentAnswer, errorAnswer } from '../registry/answers.ts';
import { pullIndex } from '../registry/document.ts';
import type { Item } from '../registry/ecosystem.ts';
import { readItem } from '../registry/item.ts';
import type { Pulling } from '../registry/origin.ts';
import { fetchWhole, passError } from '../registry/upstream.ts';
import { NotAnIndex, type ProjectPage, type StoredPage, uploadedMs } from './index/page.ts';
import { readHtmlList, readHtmlPage } from './index/read-html.ts';
import { readJsonList, readJsonPage } from './index/read-json.ts';
import { readStored, writeStored } from './index/stored.ts';
import { writeHtmlList, writeHtmlPage, writeJsonList, writeJsonPage } from './index/write-page.ts';
import { hostedNames } from './hosted/serve.ts';
import { isProjectName, normalise } from './names.ts';
import { renderings } from './negotiate.ts';
import { indexItem, source } from './path.ts';

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
  return renderPage(item, offered(readStored(found.bytes)), at, found.headers);
}

/** @param headers of what it is made of: it is fresh no longer than that. */
export function renderPage(item: Item, page: ProjectPage, at: Pulling, headers: Headers): Answer {
  const body = item.form === 'json' ? writeJsonPage(page) : writeHtmlPage(page);
  return rendered(item, body, at, headers);
}

function rendered({ form }: Item, body: string, { registry, ask }: Pulling, headers: Headers): Answer {
  const type = form === 'json' ? renderings.json : form === 'html' ? renderings.html : `${renderings.text}; charset=utf-8`;
  const fields = { vary: 'accept' };
  return documentAnswer({ body, type, fields }, ask.stored, cacheControlOf(registry.metadata, headers));
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
          refused: judge.against({ version: file.version, publishedMs: uploadedMs(file) }),
        }));
        return { body: writeStored({ ...page, from, files }), type: 'application/json' };
      },
    },
    at,
  );
}

/** @throws `upstream-invalid`. */
function isJson(headers: Headers): boolean {
  const type = (headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === renderings.json || type === 'application/json') return true;
  if (type === renderings.html || type === renderings.text) return false;
  throw new MeridianError('upstream-invalid', `The upstream's index is ${type || 'of no type'}, neither HTML nor JSON.`);
}

function reading<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof NotAnIndex)) throw cause;
    throw new MeridianError('upstream-invalid', `The upstream's index cannot be used: ${cause.message}.`, { cause });
  }
}

/** As clients see it. */
function offered(page: StoredPage): ProjectPage {
  return {
    ...page,
    files: page.files.map((file) => (file.refused === null ? file : { ...file, yanked: file.refused })),
  };
}

/** All projects that all upstreams have, and those that live here and are public. */
export async function pullList(item: Item, at: Pulling): Promise<Answer> {
  if (item.form !== source) {
    const found = await readItem(indexItem(null, source), at);
    if (found.status !== 200) return passRead(found);
    const names = readJsonList(found.bytes);
    const body = item.form === 'json' ? writeJsonList(names) : writeHtmlList(names);
    return rendered(item, body, at, found.headers);
  }
  const names = new Set<string>();
  for await (const name of hostedNames(at)) names.add(name);
  for (const upstream of at.registry.sources.all) {
    const found = await fetchWhole(upstream, '/', { accept }, at);
    if (found.status === 404) continue;
    if (found.status !== 200) return passError({ ...found, body: null }, 'list of projects', at.registry);
    const { bytes, headers, url } = found;
    const listed = reading(() => (isJson(headers) ? readJsonList(bytes) : readHtmlList(bytes, url)));
    for (const name of listed.filter(isProjectName).map(normalise))
      if (at.registry.sources.of(name).includes(upstream)) names.add(name);
  }
  if (names.size === 0 && at.registry.hosted === null)
    return errorAnswer(at.registry.ecosystem, 404, 'No upstream has a list of its projects.');
  return rendered(indexItem(null, 'json'), writeJsonList([...names].sort()), at, new Headers());
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
