/** A sparse registry of crates that a test makes. */
import { gzipSync } from 'node:zlib';
import { headerOf, paddingOf } from '../../src/protocols/tar.ts';
import { startUpstream, type Upstream, type UpstreamAnswer } from './upstream.ts';

export interface CrateRegistry extends Upstream {
  /** Publishes a version. @param files by their names in the crate, its Cargo.toml left out. */
  add(name: string, version: string, files: Readonly<Record<string, string>>, options?: AddOptions): void;
  /** Other bytes at an address, whatever was there. */
  replace(path: string, body: string | Uint8Array): void;
}

export interface CrateDependency {
  readonly name: string;
  readonly req: string;
  readonly features?: readonly string[];
  readonly optional?: boolean;
  readonly target?: string;
  readonly kind?: 'normal' | 'dev' | 'build';
}

interface AddOptions {
  readonly deps?: readonly CrateDependency[];
  readonly features?: Readonly<Record<string, readonly string[]>>;
  /** Of its publication; absent: the index does not say it. */
  readonly time?: Date;
  /** What the index says it is. */
  readonly cksum?: string;
}

export function crateFile(
  name: string,
  version: string,
  files: Readonly<Record<string, string>>,
  { deps = [], features = {} }: Pick<AddOptions, 'deps' | 'features'> = {},
): Buffer {
  const manifest = `[package]\nname = "${name}"\nversion = "${version}"\nedition = "2021"\n\n${deps.map(manifestOf).join('')}${featuresIn(features)}`;
  const parts = Object.entries({ 'Cargo.toml': manifest, ...files }).flatMap(([path, text]) => {
    const bytes = Buffer.from(text);
    return [
      headerOf(`${name}-${version}/${path}`, bytes.length),
      bytes,
      Buffer.alloc(paddingOf(bytes.length)),
    ];
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)]));
}

function manifestOf({
  name,
  req,
  features = [],
  optional = false,
  target,
  kind = 'normal',
}: CrateDependency) {
  const table = kind === 'normal' ? 'dependencies' : `${kind}-dependencies`;
  const where = target === undefined ? table : `target.'${target}'.${table}`;
  return `[${where}.${name}]\nversion = "${req}"\nfeatures = ${JSON.stringify(features)}\noptional = ${optional}\n\n`;
}

function featuresIn(features: NonNullable<AddOptions['features']>): string {
  return `[features]\n${Object.entries(features)
    .map(([name, enabled]) => `${name} = ${JSON.stringify(enabled)}\n`)
    .join('')}`;
}

/** Its crates are on the same host, with markers in their address. */
export async function startCrateRegistry(): Promise<CrateRegistry> {
  const bodies = new Map<string, string | Uint8Array>();
  const found: { readonly name: string; readonly max_version: string; readonly description: string }[] = [];
  const upstream = await startUpstream(({ path, headers }): UpstreamAnswer => {
    if (path === '/api/v1/crates')
      return { body: JSON.stringify({ crates: found, meta: { total: found.length } }) };
    const body = bodies.get(path);
    if (body === undefined) return { status: 404, body: 'not found' };
    const etag = `"${Bun.hash(body)}"`;
    return headers.get('if-none-match') === etag
      ? { status: 304, headers: { etag } }
      : { body, headers: { etag } };
  });
  const dl = `${upstream.url}/files/{prefix}/{crate}-{version}.crate?sum={sha256-checksum}`;
  bodies.set('/config.json', JSON.stringify({ dl, api: upstream.url }));
  return {
    ...upstream,
    add(name, version, files, { deps = [], features = {}, time, cksum } = {}) {
      const crate = crateFile(name, version, files, { deps, features });
      const prefix =
        name.length < 4
          ? `${name.length}${name.length === 3 ? `/${name[0]}` : ''}`
          : `${name.slice(0, 2)}/${name.slice(2, 4)}`;
      const index = `/${prefix}/${name}`.toLowerCase();
      const line = JSON.stringify({
        ...{ name, vers: version, features, yanked: false },
        deps: deps.map((dep) => ({
          ...{ features: [], optional: false, default_features: true, target: null, kind: 'normal' },
          ...dep,
        })),
        cksum: cksum ?? new Bun.CryptoHasher('sha256').update(crate).digest('hex'),
        ...(time && { pubtime: time.toISOString().replace(/\.\d+Z$/, 'Z') }),
      });
      bodies.set(index, `${bodies.get(index) ?? ''}${line}\n`);
      bodies.set(`/files/${prefix}/${name}-${version}.crate`, crate);
      found.push({ name, max_version: version, description: `found ${name}` });
    },
    replace: (path, body) => void bodies.set(path, body),
  };
}

/** Why there is no cargo here that can show tokens to sparse registries; `null`: there is. */
export function cargoProblem(): string | null {
  if (Bun.which('cargo') === null) return 'it is not installed';
  const [, version] =
    /^cargo (\d+\.\d+\.\d+)/.exec(Bun.spawnSync(['cargo', '--version']).stdout.toString()) ?? [];
  return version !== undefined && Bun.semver.satisfies(version, '>=1.74.0') ? null : 'it is older than 1.74';
}

/** The files of a crate whose `say()` says something. */
export const says = (text: string) => ({ 'src/lib.rs': `pub fn say() -> &'static str { "${text}" }\n` });
