/**
 * A real repository of gems: built by `gem build`, its old indexes by `gem generate_index`, its compact index as the public one writes it, over HTTP
 * on loopback, with ranges and what they are verified by.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporary } from './temporary.ts';
import { startUpstream, type Upstream, type UpstreamAnswer, type UpstreamRequest } from './upstream.ts';

export interface GemSketch {
  readonly name: string;
  readonly version: string;
  readonly platform?: string;
  /** `{ rack: '~> 2.0' }` */
  readonly dependencies?: Readonly<Record<string, string>>;
  /** More lines of the gemspec. */
  readonly more?: string;
  /** Of its only file. */
  readonly source?: string;
}

export interface GemRepository extends Upstream {
  /** Builds it, and offers it from now on. @param createdAt ISO 8601, for its line; absent: it has none. */
  publish(sketch: GemSketch, createdAt?: string): Promise<void>;
  /** Changes what a line of `/info` says. */
  edit(name: string, change: (line: string) => string): void;
  /** The compact index begins anew, as it does each month. */
  begin(): void;
  /** Without ranges, and without digests. */
  simple: boolean;
}

/** Why gems cannot be built here, or `null`. */
export function noRuby(): string | null {
  return ['gem', 'bundle'].every((program) => Bun.which(program) !== null)
    ? null
    : 'ruby, with gem and bundler, is not installed';
}

/** Builds a gem. @returns the path of its file. */
export async function buildGem(folder: string, sketch: GemSketch): Promise<string> {
  const { name, version, platform = 'ruby', dependencies = {}, more = '' } = sketch;
  const where = join(folder, `${name}-${version}-${platform}`);
  mkdirSync(join(where, 'lib'), { recursive: true });
  writeFileSync(join(where, 'lib', `${name}.rb`), sketch.source ?? `puts "${name} ${version}"\n`);
  const needs = Object.entries(dependencies).map(
    ([gem, range]) =>
      `s.add_dependency '${gem}', ${range
        .split(', ')
        .map((one) => `'${one}'`)
        .join(', ')}`,
  );
  const lines = [
    ...[`s.name = '${name}'`, `s.version = '${version}'`, `s.platform = '${platform}'`],
    ...[`s.summary = 'for a test'`, `s.authors = ['Ann']`, `s.files = ['lib/${name}.rb']`, ...needs, more],
  ];
  writeFileSync(join(where, 'x.gemspec'), `Gem::Specification.new do |s|\n${lines.join('\n')}\nend\n`);
  const file = `${name}-${version}${platform === 'ruby' ? '' : `-${platform}`}.gem`;
  await succeeds(['gem', 'build', 'x.gemspec', '--silent', '--force', '-o', file], where);
  return join(where, file);
}

export async function startGemRepository(): Promise<GemRepository> {
  const folder = temporary('gems');
  const gems = join(folder.path, 'repository', 'gems');
  mkdirSync(gems, { recursive: true });
  const infos = new Map<string, string[]>();
  let versions = 'created_at: 2026-11-01T00:00:05Z\n---\n';
  /** Two of them at once would take each other's files away. */
  let indexing: Promise<void> | null = null;

  const infoOf = (name: string) => ['---', ...(infos.get(name) ?? []), ''].join('\n');

  const upstream = await startUpstream(async (request) => {
    const path = decodeURIComponent(request.path);
    if (path === '/versions') return indexed(versions, request);
    if (path === '/names') return indexed(`---\n${[...infos.keys()].sort().join('\n')}\n`, request);
    const name = /^\/info\/(.+)$/.exec(path)?.[1];
    if (name !== undefined) return infos.has(name) ? indexed(infoOf(name), request) : missing;
    if (/^\/(?:quick\/|[a-z_]+\.4\.8\.gz$)/.test(path)) await index();
    const file = join(folder.path, 'repository', path);
    if (path.includes('..') || !(await Bun.file(file).exists()))
      return path === '/' ? { body: 'gems' } : missing;
    return { headers: { 'content-type': 'application/octet-stream' }, body: readFileSync(file) };
  });

  function index(): Promise<void> {
    indexing ??= succeeds(['gem', 'generate_index', '-d', join(folder.path, 'repository')], folder.path);
    return indexing;
  }

  function indexed(text: string, { headers }: UpstreamRequest): UpstreamAnswer {
    const bytes = Buffer.from(text);
    if (repository.simple) return { headers: { 'content-type': 'text/plain' }, body: bytes };
    const etag = `"${new Bun.CryptoHasher('md5').update(bytes).digest('hex')}"`;
    const fields = {
      ...{
        etag,
        'content-type': 'text/plain; charset=utf-8',
        'cache-control': 'max-age=60, public',
        'accept-ranges': 'bytes',
      },
      'repr-digest': `sha-256="${new Bun.CryptoHasher('sha256').update(bytes).digest('base64')}"`,
    };
    if (headers.get('if-none-match') === etag) return { status: 304, headers: fields };
    const from = Number(/^bytes=(\d+)-$/.exec(headers.get('range') ?? '')?.[1] ?? Number.NaN);
    if (Number.isNaN(from)) return { headers: fields, body: bytes };
    if (from >= bytes.length) return { status: 416, headers: { 'content-range': `bytes */${bytes.length}` } };
    const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
    return { status: 206, headers: { ...fields, 'content-range': range }, body: bytes.subarray(from) };
  }

  function tell(name: string, number: string): void {
    const md5 = new Bun.CryptoHasher('md5').update(infoOf(name)).digest('hex');
    versions += `${name} ${number} ${md5}\n`;
  }

  const repository: GemRepository = {
    ...upstream,
    simple: false,
    async publish(sketch, createdAt) {
      const { name, version, platform = 'ruby', dependencies = {} } = sketch;
      const built = await buildGem(join(folder.path, 'source'), sketch);
      const number = platform === 'ruby' ? version : `${version}-${platform}`;
      copyFileSync(built, join(gems, `${name}-${number}.gem`));
      indexing = null;
      const sha256 = new Bun.CryptoHasher('sha256').update(readFileSync(built)).digest('hex');
      const needs = Object.entries(dependencies).map(
        ([gem, range]) => `${gem}:${range.split(', ').join('&')}`,
      );
      const created = createdAt === undefined ? '' : `,created_at:${createdAt}`;
      infos.set(name, [
        ...(infos.get(name) ?? []),
        `${number} ${needs.join(',')}|checksum:${sha256}${created}`,
      ]);
      tell(name, number);
    },
    edit(name, change) {
      infos.set(name, (infos.get(name) ?? []).map(change));
      tell(name, infos.get(name)?.at(-1)?.split(' ')[0] ?? '0');
    },
    begin() {
      versions = 'created_at: 2026-12-01T00:00:05Z\n---\n';
      for (const [name, lines] of infos) tell(name, lines.map((line) => line.split(' ')[0]).join(','));
    },
    async off() {
      await upstream.off();
    },
    async [Symbol.asyncDispose]() {
      await upstream.off();
      rmSync(folder.path, { recursive: true, force: true });
    },
  };
  return repository;
}

const missing: UpstreamAnswer = { status: 404, body: 'This gem could not be found' };

async function succeeds(command: string[], cwd: string): Promise<void> {
  const child = Bun.spawn(command, {
    cwd,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    env: { PATH: process.env.PATH ?? '', HOME: cwd },
  });
  const said = `${await child.stdout.text()}${await child.stderr.text()}`;
  if ((await child.exited) !== 0) throw new Error(`${command.join(' ')}: ${said}`);
}
