/**
 * A source of NuGet packages as the public one works: a service index that names other hosts, registrations in gzip with pages of their own, and a
 * catalogue that says what each package hashes to. Packages are zip archives with a manifest, made here.
 */
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { startUpstream, type Upstream, type UpstreamAnswer, type UpstreamRequest } from './upstream.ts';

export interface PackageSketch {
  readonly id: string;
  readonly version: string;
  /** `{ 'Acme.Core': '1.0.0' }` */
  readonly dependencies?: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly published?: string;
  readonly listed?: boolean;
  /** In place of the manifest. */
  readonly manifest?: string;
  /** Beside the manifest and `[Content_Types].xml`; `null`: that one is not there. */
  readonly files?: Readonly<Record<string, string | null>>;
}

export interface NugetFeed extends AsyncDisposable {
  /** Of its service index. */
  readonly url: string;
  /** What the service index is on, and registrations. */
  readonly main: Upstream;
  /** What packages are on. */
  readonly files: Upstream;
  publish(sketch: PackageSketch): Buffer;
  /** Versions in one page of a registration. */
  pageLength: number;
  /** The catalogue says what packages hash to. */
  saysHashes: boolean;
  forget(): void;
  requests(): readonly UpstreamRequest[];
  off(): Promise<void>;
  on(): Promise<void>;
}

export function manifestOf({ id, version, dependencies = {} }: PackageSketch): string {
  const needs = Object.entries(dependencies).map(
    ([name, range]) => `<dependency id="${name}" version="${range}" />`,
  );
  return `<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata minClientVersion="2.12">
<id>${id}</id><version>${version}</version><authors>Ann, Ben</authors><description>For tests of ${id}</description>
<tags>test ui</tags><license type="expression">MIT</license><projectUrl>https://project.example/</projectUrl>
<dependencies><group targetFramework=".NETStandard2.0">${needs.join('')}</group></dependencies>
</metadata></package>`;
}

export function nupkg(sketch: PackageSketch): Buffer {
  const { id, version, manifest = manifestOf(sketch), files = {} } = sketch;
  const all: Record<string, string | null> = {
    '[Content_Types].xml': '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types" />',
    [`${id}.nuspec`]: manifest,
    [`lib/netstandard2.0/${id}.dll`]: `${id} ${version} ${'x'.repeat(2000)}`,
    ...files,
  };
  return zip(Object.entries(all).flatMap(([name, text]) => (text === null ? [] : [[name, text] as const])));
}

/** Names and contents as they are, whatever they may be. */
export function zip(files: readonly (readonly [name: string, text: string])[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, text] of files) {
    const bytes = Buffer.from(text);
    const packed = deflateRawSync(bytes);
    const path = Buffer.from(name);
    const fixed = Buffer.alloc(26);
    fixed.writeUInt16LE(20, 0);
    fixed.writeUInt16LE(0x800, 2);
    fixed.writeUInt16LE(8, 4);
    fixed.writeUInt32LE(crc32(bytes), 10);
    fixed.writeUInt32LE(packed.length, 14);
    fixed.writeUInt32LE(bytes.length, 18);
    fixed.writeUInt16LE(path.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), fixed, tail, path]));
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fixed, path, packed]);
    parts.push(local);
    at += local.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, list, end]);
}

interface Kept extends PackageSketch {
  readonly bytes: Buffer;
}

export async function startNugetFeed(): Promise<NugetFeed> {
  const kept = new Map<string, Kept[]>();
  const files = await startUpstream(({ path }) => {
    const [, id = '', version = '', file = ''] =
      path.split('/flat/')[1] === undefined ? [] : path.split('/').slice(1);
    const all = kept.get(id);
    if (all === undefined) return missing;
    if (version === 'index.json') return json({ versions: all.map((each) => each.version) });
    const found = all.find((each) => each.version === version);
    if (found === undefined) return missing;
    return {
      headers: { 'content-type': 'application/octet-stream' },
      body: file.endsWith('.nuspec') ? manifestOf(found) : found.bytes,
    };
  });
  const main = await startUpstream((request) => answer(request));

  function answer({ path, target }: UpstreamRequest): UpstreamAnswer {
    const query = new URLSearchParams(target.slice(path.length));
    if (path === '/v3/index.json') return service();
    if (path.startsWith('/registration/')) return registration(path.slice('/registration/'.length));
    if (path.startsWith('/catalog/')) return catalogue(path.slice('/catalog/'.length));
    if (path === '/query') return search(query);
    if (path === '/autocomplete')
      return json({ totalHits: kept.size, data: [...kept.values()].map(([first]) => first?.id) });
    if (path === '/vulnerabilities/index.json')
      return json([
        {
          '@name': 'base',
          '@id': `${main.url}/vulnerabilities/base-7.json`,
          '@updated': '2026-01-01T00:00:00Z',
        },
      ]);
    if (path === '/vulnerabilities/base-7.json')
      return json({ leaf: [{ severity: 2, url: 'https://advisories.example/1', versions: '(, 1.0.0)' }] });
    return missing;
  }

  function service(): UpstreamAnswer {
    const of = (id: string, type: string) => ({ '@id': id, '@type': type });
    return json({
      version: '3.0.0',
      resources: [
        of(`${files.url}/flat/`, 'PackageBaseAddress/3.0.0'),
        of(`${main.url}/registration-old/`, 'RegistrationsBaseUrl'),
        of(`${main.url}/registration/`, 'RegistrationsBaseUrl/3.6.0'),
        of(`${main.url}/query`, 'SearchQueryService'),
        of(`${main.url}/autocomplete`, 'SearchAutocompleteService'),
        of(`${main.url}/vulnerabilities/index.json`, 'VulnerabilityInfo/6.7.0'),
      ],
    });
  }

  const leafOf = ({
    id,
    version,
    published = '2020-01-01T00:00:00Z',
    listed = true,
    dependencies = {},
  }: Kept) => ({
    ...{
      '@id': `${main.url}/registration/${id.toLowerCase()}/${version}.json`,
      '@type': 'Package',
      commitId: '1',
    },
    catalogEntry: {
      ...{ '@id': `${main.url}/catalog/${id.toLowerCase()}.${version}.json`, id, version, listed, published },
      packageContent: `${files.url}/flat/${id.toLowerCase()}/${version}/${id.toLowerCase()}.${version}.nupkg`,
      dependencyGroups: [
        {
          '@id': `${main.url}/catalog/${id}.json#group`,
          dependencies: Object.entries(dependencies).map(([name, range]) => ({
            ...{
              '@id': 'x',
              id: name,
              range,
              registration: `${main.url}/registration/${name.toLowerCase()}/index.json`,
            },
          })),
        },
      ],
    },
    packageContent: `${files.url}/flat/${id.toLowerCase()}/${version}/${id.toLowerCase()}.${version}.nupkg`,
    registration: `${main.url}/registration/${id.toLowerCase()}/index.json`,
  });

  function registration(rest: string): UpstreamAnswer {
    const [id = '', second = '', ...more] = rest.split('/');
    const all = kept.get(id);
    if (all === undefined) return missing;
    const pages = [];
    for (let at = 0; at < all.length; at += feed.pageLength) pages.push(all.slice(at, at + feed.pageLength));
    const pageOf = (part: readonly Kept[], isInline: boolean) => {
      const [lower, upper] = [part[0]?.version, part.at(-1)?.version];
      const url = `${main.url}/registration/${id}/page/${lower}/${upper}.json`;
      return { '@id': url, count: part.length, lower, upper, ...(isInline && { items: part.map(leafOf) }) };
    };
    if (second === 'index.json')
      return packed({ count: pages.length, items: pages.map((part) => pageOf(part, pages.length === 1)) });
    if (second === 'page') {
      const part = pages.find(
        (each) => `${each[0]?.version}/${each.at(-1)?.version}.json` === more.join('/'),
      );
      return part === undefined ? missing : packed(pageOf(part, true));
    }
    const found = all.find(({ version }) => second === `${version}.json`);
    if (found === undefined) return missing;
    const { catalogEntry, ...leaf } = leafOf(found);
    return packed({
      ...leaf,
      catalogEntry: catalogEntry['@id'],
      listed: found.listed ?? true,
      published: catalogEntry.published,
    });
  }

  function catalogue(rest: string): UpstreamAnswer {
    const found = [...kept.values()]
      .flat()
      .find(({ id, version }) => rest === `${id.toLowerCase()}.${version}.json`);
    if (found === undefined) return missing;
    const packageHash = new Bun.CryptoHasher('sha512').update(found.bytes).digest('base64');
    const { published = '2020-01-01T00:00:00Z' } = found;
    return json({
      id: found.id,
      published,
      created: '2019-06-01T00:00:00Z',
      ...(feed.saysHashes && { packageHash, packageHashAlgorithm: 'SHA512' }),
    });
  }

  function search(query: URLSearchParams): UpstreamAnswer {
    const words = (query.get('q') ?? '').toLowerCase();
    const found = [...kept.values()].filter(([first]) => first?.id.toLowerCase().includes(words));
    const skip = Number(query.get('skip') ?? 0);
    const data = found.slice(skip, skip + Number(query.get('take') ?? 20)).map((all) => ({
      ...{
        '@id': `${main.url}/registration/x`,
        id: all.at(-1)?.id,
        version: all.at(-1)?.version,
        description: 'found there',
      },
      versions: all.map(({ id, version }) => ({
        version,
        downloads: 1,
        '@id': `${main.url}/registration/${id}/${version}.json`,
      })),
    }));
    return json({ totalHits: found.length, data });
  }

  const feed: NugetFeed = {
    ...{ url: `${main.url}/v3/index.json`, main, files, pageLength: 64, saysHashes: true },
    publish(sketch) {
      const bytes = nupkg(sketch);
      const id = sketch.id.toLowerCase();
      kept.set(id, [...(kept.get(id) ?? []), { ...sketch, bytes }]);
      return bytes;
    },
    forget() {
      main.forget();
      files.forget();
    },
    requests: () => [...main.requests(), ...files.requests()],
    async off() {
      await main.off();
      await files.off();
    },
    async on() {
      await main.on();
      await files.on();
    },
    async [Symbol.asyncDispose]() {
      await feed.off();
    },
  };
  return feed;
}

const missing: UpstreamAnswer = { status: 404, body: 'not there' };

function json(value: unknown): UpstreamAnswer {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

/** Whether one likes it or not. */
function packed(value: unknown): UpstreamAnswer {
  return {
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body: gzipSync(JSON.stringify(value)),
  };
}
