/**
 * A small npm registry: packages are published by a call, and every answer can be made to go wrong. By default it
 * is a good one (ETag, abbreviated form); told so, it is as careless as some mirrors are.
 */
import { noise, pack } from './package.ts';
import { startUpstream, type Upstream, type UpstreamAnswer, type UpstreamRequest } from './upstream.ts';

export interface RegistryOptions {
  /** Sends no `ETag` and ignores `Accept`. */
  readonly careless?: boolean;
  /** The `Authorization` without which it answers 401. */
  readonly authorization?: string;
}

export interface Published {
  readonly name: string;
  readonly version: string;
  /** Below the registry's address. */
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** `sha512-…`. */
  readonly integrity: string;
}

export interface Publication {
  readonly dependencies?: Readonly<Record<string, string>>;
  /** Further fields of its manifest. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  /** Size of a file of noise in the package, in bytes. */
  readonly sizeBytes?: number;
  /** Instead of an archive: these very bytes. No client can unpack them. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** RFC 3339. Without it: long ago. `null`: the registry does not say it. */
  readonly at?: string | null;
  /** Says that there is a statement of where it was built. */
  readonly provenance?: boolean;
}

export interface Registry extends Upstream {
  /** The version is `latest` from now on. */
  publish(name: string, version: string, publication?: Publication): Published;
  /** Moves a dist-tag, or makes one. `latest` is moved by every publication. */
  tag(name: string, tag: string, version: string): void;
}

/** Package → tag → version. */
type Tags = Map<string, Map<string, string>>;

interface Version {
  readonly published: Published;
  readonly manifest: Record<string, unknown>;
  readonly at: string | null;
}

type Versions = Map<string, Version>;

const longAgo = '2020-01-01T00:00:00.000Z';

const abbreviatedType = 'application/vnd.npm.install-v1+json';

export async function startRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const packages = new Map<string, Versions>();
  const tags: Tags = new Map();
  function tag(name: string, moved: string, version: string): void {
    tags.set(name, (tags.get(name) ?? new Map<string, string>()).set(moved, version));
  }
  const upstream: Upstream = await startUpstream((request) =>
    answer(request, packages, tags, upstream.url, options),
  );
  return {
    ...upstream,
    publish(name, version, publication = {}) {
      const { dependencies = {}, sizeBytes = 200, at = longAgo, provenance = false } = publication;
      const plain = { name, version, dependencies, ...publication.manifest };
      const bytes = publication.bytes ?? pack(plain, { 'noise.txt': noise(`${name} ${version}`, sizeBytes) });
      const integrity = `sha512-${new Bun.CryptoHasher('sha512').update(bytes).digest('base64')}`;
      const path = `/${name}/-/${name.split('/').at(-1)}-${version}.tgz`;
      const shasum = new Bun.CryptoHasher('sha1').update(bytes).digest('hex');
      const dist = {
        ...{ integrity, shasum, tarball: upstream.url + path },
        ...(provenance && { attestations: attestationsOf(upstream.url, name, version) }),
      };
      const manifest = { ...plain, dist };
      const published = { name, version, path, bytes, integrity };
      const versions: Versions = packages.get(name) ?? new Map();
      packages.set(name, versions.set(version, { published, manifest, at }));
      tag(name, 'latest', version);
      return published;
    },
    tag,
  };
}

function attestationsOf(base: string, name: string, version: string) {
  const url = `${base}/-/npm/v1/attestations/${name.replace('/', '%2f')}@${version}`;
  return { url, provenance: { predicateType: 'https://slsa.dev/provenance/v1' } };
}

function answer(
  request: UpstreamRequest,
  packages: ReadonlyMap<string, Versions>,
  tags: Tags,
  base: string,
  { careless = false, authorization }: RegistryOptions,
): UpstreamAnswer {
  if (authorization !== undefined && request.headers.get('authorization') !== authorization) {
    return json({ error: 'who are you?' }, 401);
  }
  const path = decodeURIComponent(request.path);
  if (path.startsWith('/-/')) return special(request, path);
  const [name = '', file] = path.slice(1).split('/-/');
  const versions = packages.get(name);
  if (versions === undefined) return json({ error: 'not found' }, 404);
  if (file !== undefined) return tarball(path, versions);

  const abbreviated = !careless && (request.headers.get('accept') ?? '').includes(abbreviatedType);
  const body = JSON.stringify(packument(name, versions, tags.get(name) ?? new Map(), base, abbreviated));
  const type = { 'content-type': abbreviated ? abbreviatedType : 'application/json' };
  if (careless) return { headers: type, body };
  const etag = `"${Bun.hash(body).toString(36)}"`;
  const headers = { ...type, etag, vary: 'accept' };
  return request.headers.get('if-none-match') === etag ? { status: 304, headers } : { headers, body };
}

/** What concerns the registry as a whole: each answer says what it was asked. */
function special({ method, target, body, headers }: UpstreamRequest, path: string): UpstreamAnswer {
  if (path === '/-/ping') return json({});
  if (path === '/-/v1/search') {
    const text = new URLSearchParams(target.split('?')[1]).get('text') ?? '';
    const found = { name: text, version: '1.0.0', description: 'found', keywords: [], maintainers: [] };
    return json({ objects: [{ package: found, score: {}, searchScore: 1 }], total: 1 });
  }
  if (path === '/-/npm/v1/security/advisories/bulk' && method === 'POST') {
    const plain = headers.get('content-encoding') === 'gzip' ? Bun.gunzipSync(new Uint8Array(body)) : body;
    return json(advisories(JSON.parse(Buffer.from(plain).toString()) as Record<string, string[]>));
  }
  return json({ error: 'not found' }, 404);
}

/** Every version of whatever has "bad" in its name is bad. */
function advisories(asked: Readonly<Record<string, readonly string[]>>): Record<string, unknown> {
  const bad = Object.keys(asked).filter((name) => name.includes('bad'));
  const advisory = (name: string) => ({
    id: 1,
    url: 'https://advisories.example/1',
    title: `${name} is bad`,
    severity: 'high',
    vulnerable_versions: '*',
  });
  return Object.fromEntries(bad.map((name) => [name, [advisory(name)]]));
}

function tarball(path: string, versions: Versions): UpstreamAnswer {
  for (const { published } of versions.values()) {
    if (published.path !== path) continue;
    return { headers: { 'content-type': 'application/octet-stream' }, body: published.bytes };
  }
  return json({ error: 'not found' }, 404);
}

function packument(
  name: string,
  versions: Versions,
  tags: ReadonlyMap<string, string>,
  base: string,
  abbreviated: boolean,
): unknown {
  const manifests = Object.fromEntries([...versions].map(([version, { manifest }]) => [version, manifest]));
  const shared = { name, 'dist-tags': Object.fromEntries(tags), versions: manifests };
  const time = Object.fromEntries(
    [...versions].flatMap(([version, { at }]) => (at === null ? [] : [[version, at]])),
  );
  if (abbreviated) return { ...shared, modified: longAgo };
  return { ...shared, _id: name, time: { modified: longAgo, ...time }, readme: base };
}

function json(value: unknown, status = 200): UpstreamAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}
