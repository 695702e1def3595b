/**
 * A registry for containers that does what Debian's does not: asks for tokens, sends blobs from elsewhere, knows no HEAD, limits, or
 * takes its time. Written on `startUpstream`, so all of its faults are to be had as well.
 */
import { startUpstream, type Upstream, type UpstreamAnswer, type UpstreamRequest } from './upstream.ts';

/** How it treats who asks. May be changed at any time. */
export interface Manners {
  /** Answers HEAD for a manifest with 405, as old ones do. */
  noHead?: boolean;
  /** Does not say the digest of a manifest. */
  noDigest?: boolean;
  /** Takes this token alone, and names the service that gives it. */
  token?: { readonly realm: string; readonly value: string } | null;
  /** Blobs are to be had there, at `/<digest>`. */
  blobsAt?: string | null;
  /** Every answer. */
  answers?: UpstreamAnswer | null;
}

export interface OciRegistry extends Upstream {
  readonly manners: Manners;
  /** Gives the digest. */
  blob(bytes: Uint8Array): string;
  /** Gives the digest. Under the tag, too, when there is one. */
  manifest(repository: string, tag: string | null, bytes: Uint8Array, type?: string): string;
  /** A manifest of an old kind, which carries its signatures: its digest is not one of its bytes. */
  signed(repository: string, tag: string, bytes: Uint8Array, digest: string): void;
  /** An image of these layers. */
  image(repository: string, tag: string, layers: readonly Uint8Array[]): PushedImage;
  /** What refers to a manifest, page by page. A registry that has never been told of any has no API for it. */
  referrers(repository: string, digest: string, pages: readonly (readonly unknown[])[]): void;
  untag(repository: string, tag: string): void;
  /** How often a blob, or a manifest, was fetched (GET) from here, or some of it. */
  fetched(digest: string): number;
}

export interface PushedImage {
  readonly digest: string;
  readonly config: string;
  readonly layers: readonly string[];
}

const imageType = 'application/vnd.oci.image.manifest.v1+json';

export async function startOciRegistry(): Promise<OciRegistry> {
  const manners: Manners = {};
  const blobs = new Map<string, Uint8Array>();
  /** By `<repository>/<tag or digest>`. */
  const manifests = new Map<string, { bytes: Uint8Array; type: string; digest: string }>();

  /** Pages, by `<repository>/<digest>`. */
  const referrers = new Map<string, readonly (readonly unknown[])[]>();

  const upstream = await startUpstream((request) => {
    const { token, answers } = manners;
    if (answers) return answers;
    if (token && request.headers.get('authorization') !== `Bearer ${token.value}`) {
      const challenge = `Bearer realm="${token.realm}",service="test",scope="${scopeOf(request)}"`;
      return { status: 401, headers: { 'www-authenticate': challenge } };
    }
    return answerTo(request);
  });

  function answerTo(request: UpstreamRequest): UpstreamAnswer {
    const referred = /^\/v2\/(.+)\/referrers\/([^/]+)$/.exec(request.path);
    if (referred) return referrersAnswer(request, `${referred[1]}/${referred[2]}`);
    const [, repository = '', kind, reference = ''] =
      /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(request.path) ?? [];
    if (kind === 'manifests') return manifestAnswer(request, `${repository}/${reference}`);
    const bytes = blobs.get(reference);
    if (bytes === undefined) return { status: 404 };
    if (manners.blobsAt)
      return { status: 307, headers: { location: `${manners.blobsAt}/${reference}?signed=yes` } };
    return partOf(bytes, request);
  }

  function referrersAnswer({ target, path }: UpstreamRequest, name: string): UpstreamAnswer {
    const pages = referrers.get(name);
    if (pages === undefined) return { status: 404 };
    const page = Number(new URL(target, 'http://registry.example').searchParams.get('page') ?? 0);
    const link = page + 1 < pages.length ? { link: `<${path}?page=${page + 1}>; rel="next"` } : null;
    const type = 'application/vnd.oci.image.index.v1+json';
    const body = JSON.stringify({ schemaVersion: 2, mediaType: type, manifests: pages[page] ?? [] });
    return { headers: { 'content-type': type, ...link }, body };
  }

  function manifestAnswer({ method }: UpstreamRequest, name: string): UpstreamAnswer {
    const found = manifests.get(name);
    if (method === 'HEAD' && manners.noHead) return { status: 405 };
    if (found === undefined) return { status: 404 };
    const digest: Record<string, string> = manners.noDigest ? {} : { 'docker-content-digest': found.digest };
    return { headers: { 'content-type': found.type, ...digest }, body: found.bytes };
  }

  const own = {
    manners,
    blob(bytes: Uint8Array) {
      const digest = digestOf(bytes);
      blobs.set(digest, bytes);
      return digest;
    },
    manifest(repository: string, tag: string | null, bytes: Uint8Array, type = imageType) {
      const digest = digestOf(bytes);
      for (const name of tag === null ? [digest] : [digest, tag])
        manifests.set(`${repository}/${name}`, { bytes, type, digest });
      return digest;
    },
    signed(repository: string, tag: string, bytes: Uint8Array, digest: string) {
      const type = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
      for (const name of [tag, digest]) manifests.set(`${repository}/${name}`, { bytes, type, digest });
    },
    image(repository: string, tag: string, layers: readonly Uint8Array[]) {
      const rootfs = { type: 'layers', diff_ids: layers.map(digestOf) };
      const config = json({ architecture: 'amd64', os: 'linux', rootfs });
      const described = (mediaType: string, bytes: Uint8Array) => ({
        ...{ mediaType, digest: own.blob(bytes), size: bytes.byteLength },
      });
      const manifest = {
        ...{ schemaVersion: 2, mediaType: imageType },
        config: described('application/vnd.oci.image.config.v1+json', config),
        layers: layers.map((bytes) => described('application/vnd.oci.image.layer.v1.tar', bytes)),
      };
      const digest = own.manifest(repository, tag, json(manifest));
      return { digest, config: manifest.config.digest, layers: manifest.layers.map((each) => each.digest) };
    },
    referrers(repository: string, digest: string, pages: readonly (readonly unknown[])[]) {
      referrers.set(`${repository}/${digest}`, pages);
    },
    untag: (repository: string, tag: string) => void manifests.delete(`${repository}/${tag}`),
    fetched: (digest: string) =>
      upstream.requests().filter(({ method, path }) => method === 'GET' && path.endsWith(digest)).length,
  };
  return Object.assign(upstream, own);
}

/** All of it, or the one range that is asked for. */
export function partOf(bytes: Uint8Array, { headers }: UpstreamRequest): UpstreamAnswer {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(headers.get('range') ?? '') ?? [];
  if (first === undefined) return { body: bytes };
  const start = Number(first);
  const end = last === '' ? bytes.length - 1 : Math.min(Number(last), bytes.length - 1);
  if (start > end) return { status: 416, headers: { 'content-range': `bytes */${bytes.length}` } };
  return {
    status: 206,
    headers: { 'content-range': `bytes ${start}-${end}/${bytes.length}` },
    body: bytes.subarray(start, end + 1),
  };
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`;
}

function scopeOf({ path }: UpstreamRequest): string {
  return `repository:${/^\/v2\/(.+)\/(?:manifests|blobs)\//.exec(path)?.[1] ?? ''}:pull`;
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
