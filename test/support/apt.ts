/**
 * What apt is tested with: archives that are built with Debian's own tools, on an upstream that can change from one request to the next, and
 * clients of their own root, which know nothing of the machine's.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { createCleartextMessage, createMessage, generateKey, readPrivateKey, sign } from 'openpgp';
import { startUpstream, type Upstream } from './upstream.ts';

/** Why archives cannot be built here, or `null`. */
export function noAptTools(): string | null {
  const missing = ['apt-get', 'dpkg-deb', 'apt-ftparchive', 'gpgv', 'xz'].filter(
    (name) => Bun.which(name) === null,
  );
  return missing.length === 0 ? null : `not installed: ${missing.join(', ')}`;
}

export interface DebSketch {
  readonly name: string;
  readonly version: string;
  readonly architecture?: string;
  /** What is in its one file. */
  readonly says?: string;
  readonly fields?: Readonly<Record<string, string>>;
}

/** Builds a package with dpkg-deb. @returns where it is. */
export async function buildDeb(
  folder: string,
  { name, version, architecture = 'amd64', says = version, fields }: DebSketch,
): Promise<string> {
  const work = join(folder, `work-${name}-${crypto.randomUUID()}`);
  mkdirSync(join(work, 'DEBIAN'), { recursive: true });
  mkdirSync(join(work, 'usr/share', name), { recursive: true });
  const control = {
    ...{ Package: name, Version: version, Architecture: architecture, Maintainer: 'A <a@example.com>' },
    ...{ Description: `says ${says}\n A longer text.\n .\n And more.`, ...fields },
  };
  const lines = Object.entries(control).map(([field, value]) => `${field}: ${value}\n`);
  writeFileSync(join(work, 'DEBIAN/control'), lines.join(''));
  writeFileSync(join(work, 'usr/share', name, 'says'), `${says}\n`);
  const file = join(folder, `${name}_${version.replace(/^\d+:/, '')}_${architecture}.deb`);
  await ran(['dpkg-deb', '--root-owner-group', '-b', work, file]);
  rmSync(work, { recursive: true });
  return file;
}

export async function ran(command: readonly string[], cwd?: string): Promise<string> {
  const child = Bun.spawn([...command], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    ...(cwd !== undefined && { cwd }),
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`${command.join(' ')}: ${err || out}`);
  return out;
}

/** A generation of a suite, as files by their paths. */
export type Files = ReadonlyMap<string, Uint8Array>;

export interface ArchiveOptions {
  readonly suite: string;
  /** How long ago it was made. */
  readonly hoursAgo?: number;
  readonly byHash: boolean;
  /** Where its packages lie, by what they are called in the pool. */
  readonly packages: Readonly<Record<string, string>>;
}

export interface Signer {
  readonly publicKey: string;
  inRelease(text: string): Promise<string>;
  detached(text: string): Promise<string>;
}

export async function openSigner(): Promise<Signer> {
  const made = await generateKey({
    curve: 'ed25519Legacy',
    type: 'ecc',
    userIDs: [{ name: 'Upstream' }],
    format: 'armored',
  });
  const signingKeys = await readPrivateKey({ armoredKey: made.privateKey });
  return {
    publicKey: made.publicKey,
    inRelease: async (text) => sign({ message: await createCleartextMessage({ text }), signingKeys }),
    detached: async (text) => sign({ message: await createMessage({ text }), detached: true, signingKeys }),
  };
}

/** Lays an archive out with apt-ftparchive. */
export async function buildArchive(
  folder: string,
  signer: Signer,
  { suite, byHash, packages, hoursAgo = 0 }: ArchiveOptions,
): Promise<Files> {
  const root = join(folder, `archive-${crypto.randomUUID()}`);
  for (const [path, deb] of Object.entries(packages)) await copyTo(join(root, path), deb);
  const binary = join(root, 'dists', suite, 'main/binary-amd64');
  await mkdir(binary, { recursive: true });
  const list = await ran(['apt-ftparchive', 'packages', 'pool'], root);
  writeFileSync(join(binary, 'Packages'), list);
  await ran(['xz', '-k', join(binary, 'Packages')]);
  await ran(['gzip', '-kn', join(binary, 'Packages')]);
  const sums = await ran(['apt-ftparchive', 'release', join('dists', suite)], root);
  const head = [
    `Origin: Test`,
    `Suite: ${suite}`,
    `Codename: ${suite}`,
    'Architectures: amd64',
    'Components: main',
  ];
  const date = new Date(Date.now() - hoursAgo * 3_600_000).toUTCString().replace('GMT', 'UTC');
  const dated = sums.replace(/^Date: .*$/m, `Date: ${date}`);
  const release = [...head, ...(byHash ? ['Acquire-By-Hash: yes'] : []), dated].join('\n');
  writeFileSync(join(root, 'dists', suite, 'InRelease'), await signer.inRelease(release));
  writeFileSync(join(root, 'dists', suite, 'Release'), release);
  writeFileSync(join(root, 'dists', suite, 'Release.gpg'), await signer.detached(release));
  const files = new Map<string, Uint8Array>();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await Bun.file(path).bytes();
    files.set(relative(root, path), bytes);
    const isIndex = entry.name.startsWith('Packages');
    if (byHash && isIndex) files.set(`${relative(root, binary)}/by-hash/SHA256/${sha256Of(bytes)}`, bytes);
  }
  rmSync(root, { recursive: true });
  return files;
}

async function copyTo(path: string, from: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await Bun.write(path, Bun.file(from));
}

export function sha256Of(bytes: Uint8Array): string {
  return new Bun.CryptoHasher('sha256').update(bytes).digest('hex');
}

export interface AptUpstream extends Upstream {
  /** From the next request on. */
  show(files: Files): void;
  /** Called before each request is answered. */
  before: ((path: string) => void) | null;
}

export async function startAptUpstream(files: Files): Promise<AptUpstream> {
  let shown = files;
  const hooks: { before: AptUpstream['before'] } = { before: null };
  const upstream = await startUpstream(({ path }) => {
    hooks.before?.(path);
    const body = shown.get(decodeURIComponent(path.slice(1)));
    return body === undefined
      ? { status: 404, body: 'nothing here' }
      : { body, headers: { 'content-type': 'application/octet-stream', ...dated(path) } };
  });
  return Object.assign(Object.create(upstream) as Upstream, {
    show: (next: Files) => {
      shown = next;
    },
    get before() {
      return hooks.before;
    },
    set before(hook: AptUpstream['before']) {
      hooks.before = hook;
    },
  });
}

/** Packages are two days old, as far as a server says. */
function dated(path: string): Record<string, string> {
  const date = new Date(Date.now() - 2 * 86_400_000).toUTCString();
  return path.includes('/pool/') ? { 'last-modified': date } : {};
}

export interface AptRun {
  readonly code: number;
  /** Everything that it has said. */
  readonly text: string;
}

export interface AptClient {
  /** Below which everything of it is. */
  readonly root: string;
  run(...args: readonly string[]): Promise<AptRun>;
  /** The bytes of a package, by `apt-get download`. */
  download(name: string): Promise<Uint8Array>;
}

export interface AptSource {
  readonly uri: string;
  readonly suite: string;
  readonly components?: string;
  /** Armored. */
  readonly key?: string;
  /** Of a key ring that is there. */
  readonly keyFile?: string;
  /** Value of `By-Hash`. */
  readonly byHash?: string;
}

/** A client that has asked nobody yet. */
export function aptClient(folder: string, sources: readonly AptSource[], auth?: string): AptClient {
  const root = join(folder, `apt-${crypto.randomUUID()}`);
  for (const path of [
    'etc/sources.list.d',
    'etc/auth.conf.d',
    'etc/preferences.d',
    'etc/apt.conf.d',
    'state/lists/partial',
    'cache/archives/partial',
    'out',
    'log',
  ])
    mkdirSync(join(root, path), { recursive: true });
  writeFileSync(join(root, 'state/status'), '');
  const texts = sources.map(({ uri, suite, components = 'main', key, keyFile, byHash }, place) => {
    const ring = keyFile ?? join(root, `key-${place}.asc`);
    if (key !== undefined) writeFileSync(ring, key);
    const lines = [
      'Types: deb',
      `URIs: ${uri}`,
      `Suites: ${suite}`,
      ...(components === '' ? [] : [`Components: ${components}`]),
      `Signed-By: ${ring}`,
    ];
    return [...lines, ...(byHash === undefined ? [] : [`By-Hash: ${byHash}`]), ''].join('\n');
  });
  writeFileSync(join(root, 'etc/sources.list.d/test.sources'), texts.join('\n'));
  if (auth !== undefined) writeFileSync(join(root, 'etc/auth.conf.d/test.conf'), auth, { mode: 0o600 });
  const settings: Record<string, string> = {
    'Dir::State': join(root, 'state'),
    'Dir::State::status': join(root, 'state/status'),
    'Dir::Cache': join(root, 'cache'),
    'Dir::Etc': join(root, 'etc'),
    'Dir::Log': join(root, 'log'),
    'APT::Architecture': 'amd64',
    'APT::Architectures': 'amd64',
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '0',
    'Acquire::http::Proxy': 'DIRECT',
  };
  const config = join(root, 'apt.conf');
  writeFileSync(
    config,
    Object.entries(settings)
      .map(([name, value]) => `${name} "${value}";\n`)
      .join(''),
  );

  async function run(...args: readonly string[]): Promise<AptRun> {
    const env = {
      PATH: process.env.PATH ?? '',
      APT_CONFIG: config,
      LC_ALL: 'C.UTF-8',
      DEBIAN_FRONTEND: 'noninteractive',
    };
    const child = Bun.spawn(['apt-get', ...args], {
      cwd: join(root, 'out'),
      env,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    return { code, text: out + err };
  }
  return {
    root,
    run,
    async download(name) {
      const { code, text } = await run('download', name);
      const file = (await readdir(join(root, 'out'))).find((its) => its.startsWith(`${name.split('=')[0]}_`));
      if (code !== 0 || file === undefined) throw new Error(text);
      return Bun.file(join(root, 'out', file)).bytes();
    },
  };
}
