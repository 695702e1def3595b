/**
 * A Maven repository as an upstream: a folder in Maven's layout (Debian's own, where real artifacts with their parents lie) and whatever a test puts beside
 * it. Checksum files and lists, which such a folder has none of, are made of what there is, as the central repository has them.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startUpstream, type Upstream, type UpstreamAnswer } from './upstream.ts';

/** Where Debian keeps the artifacts of its packages. */
export const debianRepository = '/usr/share/maven-repo';

type Checksum = 'md5' | 'sha1' | 'sha256' | 'sha512';

export interface MavenRepositoryOptions {
  /** Absolute path of a folder in Maven's layout. */
  readonly over?: string;
  /** Which checksum files it has; absent: those that all repositories have. */
  readonly sums?: readonly Checksum[];
}

export interface Deployed {
  readonly packaging?: string;
  /** Inside of `<project>`. */
  readonly pom?: string;
  readonly jar?: string;
  /** `Last-Modified`; absent: long ago. */
  readonly at?: Date;
}

export interface MavenRepository extends Upstream {
  /** Its POM and its jar. */
  deploy(group: string, artifact: string, version: string, deployed?: Deployed): void;
  /** @param path with its leading slash. */
  put(path: string, bytes: string, at?: Date): void;
  /** Instead of what there is. */
  answer(path: string, answer: UpstreamAnswer | null): void;
}

interface Stored {
  readonly bytes: Buffer;
  readonly at: Date;
}

const longAgo = new Date('2020-01-01T00:00:00Z');

export async function startMavenRepository({
  over,
  sums = ['md5', 'sha1'],
}: MavenRepositoryOptions = {}): Promise<MavenRepository> {
  const files = new Map<string, Stored>();
  const answers = new Map<string, UpstreamAnswer>();

  function find(path: string): Stored | null {
    const own = files.get(path);
    if (own !== undefined) return own;
    if (path.endsWith('/maven-metadata.xml')) return listOf(path.slice(0, -'/maven-metadata.xml'.length));
    const file = over === undefined ? null : join(over, path);
    if (file === null || !existsSync(file) || !statSync(file).isFile()) return null;
    return { bytes: readFileSync(file), at: longAgo };
  }

  function listOf(folder: string): Stored | null {
    const artifact = folder.split('/').at(-1) ?? '';
    const group = folder.split('/').slice(1, -1).join('.');
    const disk = over === undefined ? null : join(over, folder);
    const there = disk !== null && existsSync(disk) ? readdirSync(disk) : [];
    const put = [...files.keys()].flatMap((path) =>
      path.startsWith(`${folder}/`) ? [path.slice(folder.length + 1).split('/')[0] ?? ''] : [],
    );
    const versions = [...new Set([...there, ...put])].filter(
      (version) => find(`${folder}/${version}/${artifact}-${version}.pom`) !== null,
    );
    if (versions.length === 0) return null;
    const at = new Date(
      Math.max(
        ...versions.map(
          (version) => find(`${folder}/${version}/${artifact}-${version}.pom`)?.at.getTime() ?? 0,
        ),
      ),
    );
    const stamp = at.toISOString().replace(/\D/g, '').slice(0, 14);
    const text = `<metadata><groupId>${group}</groupId><artifactId>${artifact}</artifactId><versioning><versions>${versions
      .map((version) => `<version>${version}</version>`)
      .join('')}</versions><lastUpdated>${stamp}</lastUpdated></versioning></metadata>`;
    return { bytes: Buffer.from(text), at };
  }

  const upstream = await startUpstream(({ path }) => {
    const set = answers.get(path);
    if (set !== undefined) return set;
    const by = (['md5', 'sha1', 'sha256', 'sha512'] as const).find((each) => path.endsWith(`.${each}`));
    const found = find(by === undefined ? path : path.slice(0, -by.length - 1));
    if (found === null || (by !== undefined && !sums.includes(by))) return { status: 404, body: 'not found' };
    const body = by === undefined ? found.bytes : createHash(by).update(found.bytes).digest('hex');
    return { headers: { 'last-modified': found.at.toUTCString() }, body };
  });

  return Object.assign(upstream, {
    deploy(
      group: string,
      artifact: string,
      version: string,
      { packaging = 'jar', pom = '', jar = `${group}:${artifact}:${version}`, at = longAgo }: Deployed = {},
    ) {
      const start = `/${group.replaceAll('.', '/')}/${artifact}/${version}/${artifact}-${version}`;
      this.put(
        `${start}.pom`,
        pomOf(group, artifact, version, `<packaging>${packaging}</packaging>${pom}`),
        at,
      );
      if (packaging !== 'pom') this.put(`${start}.jar`, jar, at);
    },
    put: (path: string, bytes: string, at = longAgo) =>
      void files.set(path, { bytes: Buffer.from(bytes), at }),
    answer(path: string, answer: UpstreamAnswer | null) {
      if (answer === null) answers.delete(path);
      else answers.set(path, answer);
    },
  });
}

/** @param more inside of `<project>`. */
export function pomOf(group: string, artifact: string, version: string, more = ''): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>${more}</project>`;
}
