/**
 * Trees of files: installers, models, media, images of systems, mirrors of providers. Pulled through from any HTTP server, or put here. A file is
 * its path; what of an upstream's never changes, the config says.
 */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import type { Digest } from '../../http/digest.ts';
import { cacheControlOf } from '../kept-for.ts';
import { matcher } from '../patterns.ts';
import { pullIndex } from '../registry/document.ts';
import type { Ecosystem, Item, Pulling, Read } from '../registry/ecosystem.ts';
import { pullFile, pullFirst } from '../registry/file.ts';
import { readItem } from '../registry/item.ts';
import type { VersionOrder } from '../registry/policy/order.ts';
import { guides } from './guides.ts';
import { listTag, receiveHere, serveHere } from './hosted.ts';
import { nameOf, onlyVersion } from './listing.ts';
import { readPath, shown } from './path.ts';
import { digestIn } from './sums.ts';
import { typeOf } from './types.ts';

export interface FilesSettings {
  /** Paths of which an upstream never gives other bytes, `*` for any text. */
  readonly immutable: readonly string[];
  /** Lists of check sums beside files, in the order in which they are looked for: `SHA256SUMS`, `{file}.sha256`. */
  readonly sums: readonly string[];
  /** What has no check sum is not given out. */
  readonly requireSums: boolean;
}

/** A path holds one file at a time. */
const noVersions: VersionOrder = {
  isVersion: () => false,
  compare: () => 0,
  isPrerelease: () => false,
  canonical: (version) => version,
  basisOf: () => null,
};

/** Of a list of check sums. */
const longestSums = 4 * 2 ** 20;

export function files(settings: FilesSettings): Ecosystem {
  const isImmutable = matcher(settings.immutable);
  return {
    id: 'files',
    title: 'Files',
    read: (path) => read(path, isImmutable),
    write(method, path) {
      if (method !== 'PUT' && method !== 'DELETE') return null;
      const wanted = readPath(path);
      if (wanted.kind === 'malformed') return { as: 'malformed', why: wanted.why };
      if (wanted.kind === 'folder') return { as: 'malformed', why: 'Folders come and go with their files.' };
      const [what, action] =
        method === 'PUT' ? (['put', 'publish'] as const) : (['delete', 'delete'] as const);
      return { as: 'change', what, action, name: wanted.path, bringsBlob: method === 'PUT' };
    },
    pull(item, at) {
      if (item.kind !== 'list') return pull(item, at, settings);
      // A folder above what lives here: of that, what everybody may read.
      return at.registry.sources.of(item.name).length === 0 ? serveHere(item, at) : pullList(item, at);
    },
    serve: serveHere,
    receive: receiveHere,
    order: noVersions,
    advisories: null,
    canonical: canonicalName,
    guides,
    needs: async ({ name, integrity }) => [{ path: `/${name}`, sha256: hexOf(integrity) }],
  };
}

function read(path: string, isImmutable: (path: string) => boolean): Read {
  const wanted = readPath(path);
  switch (wanted.kind) {
    case 'malformed':
      return { as: 'malformed', why: wanted.why };
    case 'file':
      return { as: 'item', item: fileItem(wanted.path, isImmutable(wanted.path)) };
    case 'folder': {
      const [html, json] = [listItem(wanted.path, 'html'), listItem(wanted.path, 'json')];
      return { as: 'forms', forms: [html, json], choose: (accept) => (likesJson(accept) ? json : html) };
    }
  }
}

function fileItem(path: string, isForGood: boolean): Item {
  return {
    ...{ kind: 'file', name: path, path, version: onlyVersion, isFile: true, isMutable: !isForGood },
    // Other lists of sums outdate what is said of one file here.
    tags: [`files-sums:${path.replace(/\.(?:sha256|sha512|sha1|md5)$/, '')}`],
    inParts: true,
  };
}

const formTypes = { html: 'text/html', json: 'application/json' } as const;

function listItem(path: string, form: 'html' | 'json'): Item {
  return {
    ...{ kind: 'list', name: path === '' ? null : path, path, form, isText: true },
    ...{ tags: [listTag(path)], ask: [['accept', formTypes[form]]] },
  };
}

function likesJson(accept: string | null): boolean {
  return accept?.includes('application/json') === true && !accept.includes('text/html');
}

function canonicalName(name: string): string {
  const wanted = readPath(name.startsWith('/') ? name : `/${name}`);
  return wanted.kind === 'malformed' ? name : wanted.path;
}

function hexOf(integrity: string | null): string | undefined {
  return /^(?:sha256:)?([0-9a-f]{64})$/.exec(integrity ?? '')?.[1];
}

async function pull(item: Item, at: Pulling, settings: FilesSettings): Promise<Answer> {
  return pullFirst(at.registry.sources.of(item.name), item, at, async (source) => {
    const digest = await digestOf(item, at, settings);
    const isForGood = item.isMutable !== true;
    return pullFile(
      item,
      {
        ...{
          source,
          url: `/${item.path}`,
          digest,
          type: typeOf(item.path),
          version: null,
          publishedMs: null,
        },
        neverChanges: isForGood,
        ...(!isForGood && {
          cacheControl: (upstream: Headers) => cacheControlOf(at.registry.metadata, upstream),
        }),
      },
      at,
    );
  });
}

/** What a list beside the file says of it. The lists themselves have none. */
async function digestOf(
  item: Item,
  at: Pulling,
  { sums, requireSums }: FilesSettings,
): Promise<Digest | null> {
  const file = nameOf(item.path);
  const folder = item.path.slice(0, -file.length);
  const lists = sums.map((list) => folder + list.replaceAll('{file}', file));
  const isList = sums.some((list) =>
    list.includes('{file}') ? file.endsWith(list.replace('{file}', '')) : file === list,
  );
  if (isList) return null;
  for (const path of lists) {
    const list = await readItem(fileItem(path, false), at, longestSums);
    // A list that cannot be had just now may say something of the file: nobody is given it unchecked meanwhile.
    if (list.status >= 500 || list.status === 429)
      throw new MeridianError(
        'upstream-invalid',
        `The check sums in ${shown(path)} cannot be read (${list.status}), so nothing they may be about is given out.`,
      );
    if (list.status !== 200) continue;
    const digest = digestIn(Buffer.from(list.bytes).toString('utf8'), shown(file));
    if (digest !== null) return digest;
  }
  if (!requireSums) return null;
  throw new MeridianError(
    'upstream-invalid',
    `No check sum of ${shown(item.path)} is to be had (${sums.join(', ')}), and this route gives out nothing without one.`,
  );
}

/** An upstream's own list, whichever form it has. */
function pullList(item: Item, at: Pulling): Promise<Answer> {
  const accept = item.form === 'json' ? 'application/json, text/html;q=0.5' : 'text/html, */*;q=0.5';
  return pullIndex(
    item,
    {
      ...{ path: `/${item.path}`, accept, revision: 1 },
      derive: (bytes, { headers }) => ({
        body: bytes,
        type: headers.get('content-type') ?? 'text/html; charset=utf-8',
        fields: { vary: 'accept' },
      }),
    },
    at,
  );
}
