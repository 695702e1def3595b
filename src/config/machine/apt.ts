/**
 * The archives that this machine's apt is set to (sources.list(5)): `sources.list` and what lies beside it, as one line each (`deb …`) or as
 * paragraphs of fields (deb822). Only where they are counts here; which suites are wanted is for each client to say.
 */
import { httpUrl, upstreamName } from '../forms.ts';
import type { Machine } from './machine.ts';
import { remedy } from './url.ts';

export interface Archive {
  /** First segment of its paths: the last segment of its URL, with a number where two have the same. */
  readonly name: string;
  readonly url: string;
}

const folder = '/etc/apt';

/** In their order, each once. @throws where there are none. */
export async function aptArchives({ read, names }: Machine): Promise<readonly Archive[]> {
  const urls = new Set<string>();
  const parts = await names(`${folder}/sources.list.d`, '*.{list,sources}');
  for (const path of ['sources.list', ...parts.map((name) => `sources.list.d/${name}`)]) {
    const text = (await read(`${folder}/${path}`)) ?? '';
    for (const url of path.endsWith('.sources') ? inParagraphs(text) : inLines(text)) urls.add(url);
  }
  if (urls.size === 0) throw new Error(`apt is set to no archive on this machine. ${remedy('apt')}`);
  return named([...urls]);
}

/** `deb [arch=amd64 signed-by=…] http://… suite component…` */
function inLines(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [, uri] = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)/.exec(line) ?? [];
    return httpUrl(uri ?? '') ?? [];
  });
}

/** `Types: deb`, `URIs: http://…`, … in paragraphs; a line that begins with a blank goes on with the field above it. */
function inParagraphs(text: string): string[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  const paragraphs = lines
    .join('\n')
    .replace(/\n[ \t]+/g, ' ')
    .split(/\n\s*\n/);
  return paragraphs.flatMap((paragraph) => {
    const field = (name: string) =>
      new RegExp(`^${name}:[ \\t]*(.*)$`, 'im').exec(paragraph)?.[1]?.trim().split(/\s+/) ?? [];
    const isOff = ['no', 'false', 'without', 'off', 'disable'].includes(
      field('Enabled')[0]?.toLowerCase() ?? '',
    );
    if (isOff || !field('Types').includes('deb')) return [];
    return field('URIs').flatMap((uri) => httpUrl(uri) ?? []);
  });
}

function named(urls: readonly string[]): Archive[] {
  const taken = new Set<string>();
  return urls.map((url) => {
    const last = new URL(url).pathname.split('/').at(-1)?.toLowerCase() ?? '';
    const word = upstreamName(last) ?? 'archive';
    let name = word;
    for (let number = 2; taken.has(name); number++) name = `${word}-${number}`;
    taken.add(name);
    return { name, url };
  });
}
