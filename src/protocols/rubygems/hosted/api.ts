/** What clients ask of the API about gems: who owns one, what is known of it, which there are. From no cache. */
import { relevance, wordsOf } from '../../../catalogue.ts';
import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import { ownAnswer } from '../../registry/answers.ts';
import type { Changing, Pulling } from '../../registry/ecosystem.ts';
import { authorise, homeOf } from '../../registry/hosted/authorise.ts';
import { namesOf, versionsOf } from '../../registry/hosted/find.ts';
import type { HostedVersion } from '../../registry/hosted/record.ts';
import { Refusal } from '../../registry/hosted/refusal.ts';
import { fetchWhole, passThrough } from '../../registry/upstream.ts';
import { lineBetween } from '../log.ts';
import { versions } from '../version.ts';
import { factsOfFile, factsOfVersion, ownGem } from './builds.ts';

const json = 'application/json; charset=utf-8';
const mostFound = 30;
const maxSearchBytes = 4 * 1024 * 1024;

/** Who has published it. Who may, the network's rights say: they are given by name, to people and machines, and are not shown here. */
export async function owners(name: string, at: Changing): Promise<Answer> {
  homeOf(at, name);
  authorise(at, 'read', name);
  const people = new Set<string>();
  for await (const { publisher } of versionsOf(at, name)) people.add(publisher);
  if (people.size === 0) throw new Refusal(404, `There is no ${name}.`);
  const list = [...people].sort().map((handle, at) => ({ id: at + 1, handle }));
  if (at.path.endsWith('.json')) return ownAnswer(200, json, JSON.stringify(list));
  // JSON is YAML, and so are its strings.
  const yaml = list.map(({ id, handle }) => `- id: ${id}\n  handle: ${JSON.stringify(handle)}\n`);
  return ownAnswer(200, 'application/x-yaml; charset=utf-8', `---\n${yaml.join('')}`);
}

export function changeOwner(name: string, at: Changing): Answer {
  authorise(at, 'admin', name);
  homeOf(at, name);
  throw new Refusal(
    403,
    `Who may push ${name} is a right of this network: \`meridian grant\` gives it, to people, teams and machines.`,
  );
}

/** `/api/v1/gems/<name>.json` and its kin. */
export async function about(name: string, at: Changing): Promise<Answer> {
  const { registry } = at;
  if (registry.hosted?.claims(name) === true) return aboutOwn(name, at);
  const [source] = registry.sources.of(name);
  if (source === undefined) throw new Refusal(404, `There is no ${name}.`);
  return passThrough(source, `${at.path}${at.query}`, at);
}

async function aboutOwn(name: string, at: Changing): Promise<Answer> {
  authorise(at, 'read', name);
  const all: HostedVersion[] = [];
  for await (const version of versionsOf(at, name)) if (version.yanked === null) all.push(version);
  all.sort((a, b) => versions.compare(b.version, a.version));
  const newest = all.find(({ version }) => !versions.isPrerelease(version)) ?? all[0];
  if (newest === undefined) throw new Refusal(404, `There is no ${name}.`);
  if (at.path.includes('/versions/')) {
    if (at.path.endsWith('/latest.json'))
      return ownAnswer(200, json, JSON.stringify({ version: newest.version }));
    return ownAnswer(200, json, JSON.stringify(all.flatMap(toldVersions)));
  }
  const [told] = toldVersions(newest);
  return ownAnswer(
    200,
    json,
    JSON.stringify({ name, ...told, version: newest.version, version_created_at: told?.created_at }),
  );
}

function toldVersions(version: HostedVersion) {
  const { summary, description, homepage, licenses, authors, links } = factsOfVersion(version);
  return version.files.flatMap((file) => {
    const { platform, dependencies, isYanked } = factsOfFile(file);
    if (isYanked) return [];
    return {
      ...{ number: version.version, platform, summary, licenses, metadata: links },
      ...{ info: description ?? summary, authors: authors.join(', '), homepage_uri: homepage },
      ...{ created_at: new Date(file.uploadedMs).toISOString(), sha: file.blob },
      prerelease: versions.isPrerelease(version.version),
      dependencies: {
        development: [],
        runtime: dependencies.map(({ name, requirements }) => ({
          name,
          requirements: requirements.join(', '),
        })),
      },
    };
  });
}

/** Those that live here first. What somebody looks for among them is not told to an upstream. */
export async function search(at: Changing): Promise<Answer> {
  const { registry } = at;
  const text = new URLSearchParams(at.query).get('query') ?? '';
  const words = wordsOf(text);
  const own: { score: number; name: string }[] = [];
  for await (const name of readable(at)) {
    const score = relevance({ name: name.toLowerCase(), description: '', keywords: [] }, words);
    if (score > 0) own.push({ score, name });
  }
  own.sort((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1));
  const found: unknown[] = own.slice(0, mostFound).map(({ name }) => ({ name }));
  const [source] = registry.sources.of(null);
  // As they were written, too: names of gems are told apart by case.
  const isOurs = [...words, ...text.split(/\s+/)].some((word) => registry.hosted?.claims(word) === true);
  if (source !== undefined && !isOurs) found.push(...(await foundThere(source, at)));
  return ownAnswer(200, json, JSON.stringify(found));
}

async function foundThere(
  source: Parameters<typeof fetchWhole>[0],
  at: Changing,
): Promise<readonly unknown[]> {
  const { status, bytes } = await fetchWhole(
    source,
    `/api/v1/search.json${at.query}`,
    { maxBytes: maxSearchBytes },
    at,
  );
  if (status !== 200) return [];
  const listed = jsonIn(bytes, source.name);
  if (!Array.isArray(listed)) return [];
  const { hosted, sources } = at.registry;
  return listed.filter((each: unknown) => {
    const name = typeof each === 'object' && each !== null ? Reflect.get(each, 'name') : null;
    return typeof name === 'string' && hosted?.claims(name) !== true && sources.of(name).includes(source);
  });
}

function jsonIn(bytes: Uint8Array, from: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw notJson(from, cause);
  }
}

function notJson(from: string, cause: unknown): MeridianError {
  return new MeridianError('upstream-invalid', `${from} answers a search with what is no JSON.`, { cause });
}

/** Names of gems that live here, of which whoever asks may know. */
async function* readable(at: Pulling): AsyncGenerator<string, void, undefined> {
  const { hosted, route } = at.registry;
  if (hosted === null) return;
  for await (const name of namesOf(at)) {
    const deed = { action: 'read', route, subject: name, restricted: !hosted.isPublic(name) } as const;
    if (hosted.claims(name) && at.ask.exchange.identity?.may(deed) === true) yield name;
  }
}

/** `/private/versions`: what lives here, for whoever asks. */
export async function ownVersions(at: Pulling): Promise<Answer> {
  const lines: string[] = ['created_at: 1970-01-01T00:00:00Z', '---'];
  for await (const name of readable(at)) {
    const gem = await ownGem(name, at);
    const line = gem && lineBetween(name, undefined, gem);
    if (line !== null) lines.push(line);
  }
  return list(lines);
}

export async function ownNames(at: Pulling): Promise<Answer> {
  const lines = ['---'];
  for await (const name of readable(at)) lines.push(name);
  return list(lines);
}

function list(lines: readonly string[]): Answer {
  return ownAnswer(200, 'text/plain; charset=utf-8', `${lines.join('\n')}\n`);
}
