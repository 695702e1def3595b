/**
 * A server that behaves like the Hugging Face Hub: large files are sent for at another host, by signed addresses that take `GET` alone, lists come in pages, some
 * repositories are gated or private, and Xet is offered to whoever understands it.
 */
import { startUpstream, type Upstream, type UpstreamAnswer, type UpstreamRequest } from './upstream.ts';

export interface HubRepo {
  /** From the oldest to the newest, which is `main`. */
  readonly commits: { readonly id: string; readonly files: Readonly<Record<string, Uint8Array>> }[];
  readonly gated?: boolean;
  readonly private?: boolean;
  readonly lastModified?: string;
  /** The one that an old name stands for. */
  readonly movedTo?: string;
}

export interface Hub extends AsyncDisposable {
  readonly url: string;
  readonly api: Upstream;
  /** Where large files are. */
  readonly cdn: Upstream;
  /** By `models/org/name`. */
  readonly repos: Map<string, HubRepo>;
  /** Requests of both. */
  count(): number;
  forget(): void;
  off(): Promise<void>;
  on(): Promise<void>;
}

export const hubToken = 'hf_readerOfGatedThings';
/** Longer files are large ones. */
const longestSmall = 100_000;
const pageEntries = 3;

const hash = (name: 'sha1' | 'sha256', ...parts: (string | Uint8Array)[]) => {
  const hasher = new Bun.CryptoHasher(name);
  for (const part of parts) hasher.update(part);
  return hasher.digest('hex');
};
export const gitOf = (bytes: Uint8Array) => hash('sha1', `blob ${bytes.byteLength}\0`, bytes);
export const sha256Of = (bytes: Uint8Array) => hash('sha256', bytes);

export async function startHub(): Promise<Hub> {
  const repos = new Map<string, HubRepo>();
  const blobs = new Map<string, Uint8Array>();
  const cdn = await startUpstream(({ method, path, headers }) => {
    const bytes = blobs.get(path.slice(1));
    if (bytes === undefined || method !== 'GET' || headers.has('authorization')) return { status: 403 };
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.get('range') ?? '') ?? [];
    if (from === undefined) return { body: bytes, headers: { etag: '"cdn"', 'accept-ranges': 'bytes' } };
    const last = to ? Math.min(Number(to), bytes.length - 1) : bytes.length - 1;
    return {
      status: 206,
      body: bytes.slice(Number(from), last + 1),
      headers: { 'content-range': `bytes ${from}-${last}/${bytes.length}` },
    };
  });
  const api = await startUpstream((request) => answer(request, { repos, blobs, url: () => api.url, cdn }));
  return {
    ...{ url: api.url, api, cdn, repos },
    count: () => api.count() + cdn.count(),
    forget() {
      api.forget();
      cdn.forget();
    },
    async off() {
      await api.off();
      await cdn.off();
    },
    async on() {
      await api.on();
      await cdn.on();
    },
    async [Symbol.asyncDispose]() {
      await api.off();
      await cdn.off();
    },
  };
}

interface World {
  readonly repos: ReadonlyMap<string, HubRepo>;
  readonly blobs: Map<string, Uint8Array>;
  url(): string;
  readonly cdn: Upstream;
}

function answer(request: UpstreamRequest, world: World): UpstreamAnswer {
  const { path, target, headers } = request;
  const token = headers.get('authorization');
  if (path === '/api/whoami-v2')
    return token === `Bearer ${hubToken}`
      ? json({ type: 'user', id: '1', name: 'reader', auth: { type: 'access_token' } })
      : refused(401, null);
  const [, type = '', id = '', rest = ''] =
    /^\/api\/(models|datasets|spaces)\/([^/]+\/[^/]+)(\/.*)?$/.exec(path) ?? [];
  if (type !== '') return document(world, `${type}/${id}`, rest, request);
  if (path === '/api/models') {
    const names = [...world.repos].filter(([, { private: isPrivate }]) => !isPrivate || token !== null);
    return json(names.map(([name]) => ({ id: name.slice('models/'.length) })));
  }
  const [, name = '', verb = '', rev = '', file = ''] =
    /^\/((?:datasets\/|spaces\/)?[^/]+\/[^/]+)\/(resolve|raw)\/([^/]+)\/(.+)$/.exec(path) ?? [];
  const key = /^(?:datasets|spaces)\//.test(name) ? name : `models/${name}`;
  return verb === ''
    ? refused(404, null)
    : fileOf(world, key, { rev, file: decodeURIComponent(file), target }, request);
}

function found({ repos }: World, key: string, { headers }: UpstreamRequest): HubRepo | UpstreamAnswer {
  const named = repos.get(key);
  const repo = named?.movedTo === undefined ? named : repos.get(named.movedTo);
  const isKnown = headers.get('authorization') === `Bearer ${hubToken}`;
  if (repo === undefined || (repo.private && !isKnown)) return refused(401, 'RepoNotFound');
  return repo;
}

function commitOf({ commits }: HubRepo, rev: string) {
  return rev === 'main' || rev === 'HEAD'
    ? commits.at(-1)
    : commits.find(({ id }) => id === decodeURIComponent(rev));
}

function document(world: World, key: string, rest: string, request: UpstreamRequest): UpstreamAnswer {
  const repo = found(world, key, request);
  if (!('commits' in repo)) return repo;
  const id = (world.repos.get(key)?.movedTo ?? key).replace(/^[a-z]+\//, '');
  const [, verb = '', rev = 'main'] = rest.split('/');
  const commit = commitOf(repo, rev);
  if (commit === undefined) return refused(404, 'RevisionNotFound');
  if (verb === 'tree') return tree(world, commit.files, request);
  if (verb === 'paths-info') {
    const { paths } = JSON.parse(request.body.toString());
    const entries = entriesOf(commit.files).filter(({ path }) => paths.includes(path));
    return json(entries);
  }
  return json({
    ...{
      id,
      modelId: id,
      sha: commit.id,
      private: repo.private ?? false,
      gated: repo.gated ? 'manual' : false,
    },
    ...{ lastModified: repo.lastModified ?? '2024-01-01T00:00:00.000Z', xetEnabled: true },
    siblings: Object.keys(commit.files).map((rfilename) => ({ rfilename })),
  });
}

function entriesOf(files: Readonly<Record<string, Uint8Array>>) {
  return Object.entries(files).map(([path, bytes]) => ({
    ...{ type: 'file', path, size: bytes.length, oid: gitOf(bytes), xetHash: 'x'.repeat(64) },
    ...(bytes.length > longestSmall && {
      lfs: { oid: sha256Of(bytes), size: bytes.length, pointerSize: 134 },
    }),
  }));
}

function tree(world: World, files: Readonly<Record<string, Uint8Array>>, { path, target }: UpstreamRequest) {
  const query = new URLSearchParams(target.split('?')[1] ?? '');
  const from = Number(query.get('cursor') ?? 0);
  const entries = entriesOf(files);
  const hasMore = from + pageEntries < entries.length;
  query.set('cursor', String(from + pageEntries));
  const link = `<${world.url()}${path}?${query}>; rel="next"`;
  return json(entries.slice(from, from + pageEntries), hasMore ? { link } : {});
}

function fileOf(
  world: World,
  key: string,
  { rev, file }: { readonly rev: string; readonly file: string; readonly target: string },
  request: UpstreamRequest,
): UpstreamAnswer {
  const repo = found(world, key, request);
  if (!('commits' in repo)) return repo;
  if (repo.gated && request.headers.get('authorization') !== `Bearer ${hubToken}`)
    return refused(401, 'GatedRepo');
  const commit = commitOf(repo, rev);
  if (commit === undefined) return refused(404, 'RevisionNotFound');
  const bytes = commit.files[file];
  if (bytes === undefined) return refused(404, 'EntryNotFound');
  const known = { 'x-repo-commit': commit.id, 'x-xet-hash': 'x'.repeat(64) };
  if (bytes.length <= longestSmall)
    return { body: bytes, headers: { ...known, etag: `"${gitOf(bytes)}"`, 'content-type': 'text/plain' } };
  const sha256 = sha256Of(bytes);
  // What has been damaged there stays so.
  if (!world.blobs.has(sha256)) world.blobs.set(sha256, bytes);
  return {
    status: 302,
    headers: {
      ...{ ...known, location: `${world.cdn.url}/${sha256}?signature=1` },
      ...{ 'x-linked-etag': `"${sha256}"`, 'x-linked-size': String(bytes.length) },
      link: `<${world.url()}/api/xet-read-token>; rel="xet-auth"`,
    },
    body: 'Found',
  };
}

function json(value: unknown, headers: Record<string, string> = {}): UpstreamAnswer {
  return { body: JSON.stringify(value), headers: { 'content-type': 'application/json', ...headers } };
}

function refused(status: number, code: string | null): UpstreamAnswer {
  const body = JSON.stringify({ error: code ?? 'no' });
  return { status, body, headers: code === null ? {} : { 'x-error-code': code, 'x-error-message': code } };
}
