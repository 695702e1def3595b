/**
 * Reads an index in HTML (PEP 503, 592, 658, 700, 708, 714, 740, 792): one link per file or project. The runtime's own tokenizer looks for
 * them; it decodes no character references, so that is done here.
 */
import { readFileName } from '../names.ts';
import { absolute, hashesInText, readStatus } from './fields.ts';
import { NotAnIndex, type PageFile, type ProjectPage } from './page.ts';

/** Larger than any that there is; what has more is a way to use up memory. */
const mostLinks = 2_000_000;

type Attributes = ReadonlyMap<string, string>;

interface Links {
  readonly links: readonly Attributes[];
  /** Contents of `meta`, by name. */
  readonly meta: ReadonlyMap<string, readonly string[]>;
  /** What links are relative to. */
  readonly base: string;
}

/**
 * @param name normalised.
 * @param url where the page is from.
 * @throws `NotAnIndex`.
 */
export function readHtmlPage(name: string, bytes: Uint8Array, url: string): ProjectPage {
  const { links, meta, base } = readLinks(bytes, url);
  const urls = (key: string) => meta.get(key)?.flatMap((each) => absolute(each, base) ?? []) ?? [];
  return {
    name,
    files: links.flatMap((link) => readFile(name, link, base) ?? []),
    versions: null,
    tracks: urls('pypi:tracks'),
    alternateLocations: urls('pypi:alternate-locations'),
    status: readStatus(meta.get('pypi:project-status')?.[0], meta.get('pypi:project-status-reason')?.[0]),
  };
}

/** The last segment of each link, which is what a project is called in addresses. @throws `NotAnIndex`. */
export function readHtmlList(bytes: Uint8Array, url: string): readonly string[] {
  const { links, base } = readLinks(bytes, url);
  return links.flatMap((link) => {
    const address = absolute(link.get('href') ?? '', base);
    const segment = address === null ? undefined : new URL(address).pathname.split('/').findLast(Boolean);
    return segment === undefined ? [] : [unescaped(segment)];
  });
}

/** The file's name is the last segment of its address, which is what clients go by; the text of the link is for people. */
function readFile(project: string, link: Attributes, base: string): PageFile | null {
  const href = link.get('href') ?? '';
  const url = absolute(href, base);
  if (url === null) return null;
  const name = unescaped(new URL(url).pathname.split('/').at(-1) ?? '');
  const read = readFileName(project, name);
  if (read === null) return null;
  const metadata = hashesInText(link.get('data-core-metadata') ?? link.get('data-dist-info-metadata') ?? '');
  const provenance = link.get('data-provenance');
  return {
    ...{ name, version: read.version, url },
    hashes: hashesInText(href.includes('#') ? href.slice(href.indexOf('#') + 1) : ''),
    requiresPython: link.get('data-requires-python') ?? null,
    yanked: link.get('data-yanked') ?? null,
    metadata: Object.keys(metadata).length === 0 ? null : metadata,
    sizeBytes: null,
    uploadTime: null,
    provenance: provenance === undefined ? null : absolute(provenance, base),
  };
}

function readLinks(bytes: Uint8Array, url: string): Links {
  const links: Attributes[] = [];
  const meta = new Map<string, readonly string[]>();
  let base: string | null = null;
  const rewriter = new HTMLRewriter()
    .on('base', {
      element(element) {
        const href = element.getAttribute('href');
        if (base === null && href !== null) base = absolute(decodeReferences(href), url);
      },
    })
    .on('meta', {
      element(element) {
        const name = element.getAttribute('name');
        const content = element.getAttribute('content');
        if (name === null || content === null) return;
        meta.set(name, [...(meta.get(name) ?? []), decodeReferences(content)]);
      },
    })
    .on('a', {
      element(element) {
        if (links.length === mostLinks) throw new NotAnIndex(`it has more than ${mostLinks} links`);
        links.push(new Map([...element.attributes].map(([name, value]) => [name, decodeReferences(value)])));
      },
    });
  rewriter.transform(textOf(bytes));
  const [version = '1.0'] = meta.get('pypi:repository-version') ?? [];
  if (!version.startsWith('1.')) throw new NotAnIndex(`it is an index of version ${version}, not 1`);
  return { links, meta, base: base ?? url };
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new NotAnIndex('it is no HTML in UTF-8', { cause });
  }
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Those that indexes are written with: of five names, and by number. */
function decodeReferences(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w{2,4}));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return named[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function unescaped(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // No file is called like this: it is left out as any other one that nobody could ask for.
  }
}
