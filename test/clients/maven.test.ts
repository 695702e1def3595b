/**
 * The real Maven, through a PoP, a shield and an origin: artifacts with their parents and plugins from a repository of real ones, cold, warm and with the
 * upstream gone; releases and snapshots deployed at one PoP and resolved at another; and what Maven says of what is refused. Its settings are those
 * that the guide writes. Gradle's own requests are in `scenarios/maven-deploy.test.ts`: it writes the same files.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { textOf } from '../../src/guide.ts';
import type { Right } from '../../src/identity.ts';
import { maven } from '../../src/index.ts';
import { guides } from '../../src/protocols/maven/guides.ts';
import { versions } from '../../src/protocols/maven/version.ts';
import { tokenFor } from '../support/access.ts';
import {
  type Asked,
  eventually,
  startNetwork,
  type TestNetwork,
  temporary,
  within,
} from '../support/index.ts';
import {
  debianRepository,
  type MavenRepository,
  pomOf,
  startMavenRepository,
} from '../support/maven-repository.ts';
import { available } from '../support/needs.ts';

/** The newest that Debian has; `null`: none. */
function newest(folder: string): string | null {
  const where = join(debianRepository, folder);
  const artifact = folder.split('/').at(-1);
  const there = existsSync(where) ? readdirSync(where).filter((version) => /^\d[\d.]+$/.test(version)) : [];
  return (
    there
      .filter((version) => existsSync(join(where, version, `${artifact}-${version}.jar`)))
      .sort(versions.compare)
      .at(-1) ?? null
  );
}

const commonsIo = newest('commons-io/commons-io');
const plugins = ['maven-dependency-plugin', 'maven-deploy-plugin'].map((artifact) => {
  const version = newest(`org/apache/maven/plugins/${artifact}`);
  return { artifact, version, name: `org.apache.maven.plugins:${artifact}:${version}` };
});
const [resolver, deployer] = plugins.map(({ name }) => name);

function problem(): string | null {
  if (Bun.which('mvn') === null) return 'mvn is not installed';
  const missing = plugins.find(({ version }) => version === null);
  if (missing !== undefined) return `there is no ${missing.artifact} in ${debianRepository}`;
  return commonsIo === null ? `there is no commons-io in ${debianRepository}` : null;
}

const folder = temporary('maven');
const mayRun = available('Maven with its plugins', problem());
let upstream: MavenRepository;
let other: MavenRepository;
let network: TestNetwork;
let token: string;

beforeAll(async () => {
  if (!mayRun) return;
  upstream = await startMavenRepository({ over: debianRepository });
  other = await startMavenRepository({ sums: ['sha1', 'sha256', 'sha512'] });
  upstream.deploy('org.two', 'lib', '1.9');
  other.deploy('org.two', 'lib', '1.10');
  other.deploy('org.blocked', 'lib', '1.0');
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      near: { role: 'pop', parents: ['shield'] },
      far: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      maven({
        upstreams: [{ url: upstream.url }, { url: other.url }],
        hosted: { names: ['com.acme.*'] },
        policy: { blocked: ['org.blocked:*'] },
      }),
    ],
  });
  const everything: Right = { actions: ['read', 'publish'], routes: ['maven'], subjects: ['com.acme:*'] };
  token = (await tokenFor(network.node('origin'), 'alice', [everything])).token;
}, 60_000);

afterAll(async () => {
  await network?.stop();
  for (const each of [upstream, other]) await each?.off();
  folder[Symbol.dispose]();
}, 30_000);

const urlAt = (pop: string) => `${network.url(pop)}/maven`;

interface Run {
  readonly pop?: string;
  /** A machine: whatever Maven has fetched before is there. */
  readonly home: string;
  readonly cwd?: string;
}

/** Maven on a machine that was set up as the guide says, with checksums that have to be right. */
async function mvn(args: readonly string[], { pop = 'near', home, cwd }: Run) {
  const where = join(folder.path, home);
  const settings = join(where, `settings-${pop}.xml`);
  mkdirSync(where, { recursive: true });
  writeFileSync(settings, settingsAt(pop));
  const child = Bun.spawn(
    ['mvn', '-B', '-ntp', '-C', '-s', settings, `-Dmaven.repo.local=${join(where, 'repository')}`, ...args],
    {
      cwd: cwd ?? where,
      env: {
        PATH: [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter),
        ...{ HOME: where, LANG: 'C.UTF-8', MERIDIAN_TOKEN: token },
        MAVEN_OPTS: '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto',
      },
      ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
    },
  );
  const all = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  const [code, stdout, stderr] = await within(60_000, `mvn ${args.join(' ')}`, all).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  return { code, output: stdout + stderr, repository: join(where, 'repository') };
}

async function succeeds(args: readonly string[], run: Run) {
  const ran = await mvn(args, run);
  if (ran.code !== 0)
    throw new Error(`mvn ${args.join(' ')} ended with ${ran.code}:\n${ran.output.slice(-4000)}`);
  return ran;
}

function settingsAt(pop: string): string {
  const guide = guides({ route: 'maven', url: urlAt(pop) }).find(({ id }) => id === 'mvn');
  const steps = [...(guide?.setUp ?? []), ...(guide?.logIn ?? [])];
  const settings = steps.flatMap((step) => (step.do === 'set' ? step.file.settings : []));
  return textOf({ form: 'xml', settings });
}

const get = (what: string) => [`${resolver}:get`, `-Dartifact=${what}`];

function deploy(version: string, bytes: string, pop = 'near'): readonly string[] {
  const file = join(folder.path, `lib-${version}-${bytes}.jar`);
  writeFileSync(file, bytes);
  return [
    ...[`${deployer}:deploy-file`, `-Durl=${urlAt(pop)}/`, '-DrepositoryId=meridian', `-Dfile=${file}`],
    ...['-DgroupId=com.acme', '-DartifactId=lib', `-Dversion=${version}`],
  ];
}

describe.skipIf(!mayRun)('Maven', () => {
  test('fetches an artifact, its parents, and the plugin that does it: cold, warm, and with no upstream', async () => {
    const { repository } = await succeeds(get(`commons-io:commons-io:${commonsIo}`), { home: 'cold' });
    const jar = `commons-io/commons-io/${commonsIo}/commons-io-${commonsIo}.jar`;
    const real = await Bun.file(join(debianRepository, jar)).bytes();
    expect(Bun.hash(await Bun.file(join(repository, jar)).bytes())).toBe(Bun.hash(real));
    expect(upstream.count(`/${jar}`)).toBe(1);

    upstream.forget();
    other.forget();
    const warm = await network.during(() =>
      succeeds(get(`commons-io:commons-io:${commonsIo}`), { home: 'warm' }),
    );
    expect([upstream.requests(), other.requests()]).toEqual([[], []]);
    // Although Maven says `no-cache` of all of them.
    expect(warm.asked('near').length).toBeGreaterThan(10);
    const forGood = ({ kind, status }: Asked) => ['pom', 'file', 'checksum'].includes(kind) && status !== 404;
    expect(warm.asked('shield').filter(forGood)).toEqual([]);

    await upstream.off();
    await other.off();
    await succeeds(get(`commons-io:commons-io:${commonsIo}`), { home: 'far', pop: 'far' });
    await upstream.on();
    await other.on();
  }, 60_000);

  test('finds the newest of all versions that several upstreams have', async () => {
    const { repository } = await succeeds(get('org.two:lib:LATEST'), { home: 'cold' });
    expect(await Bun.file(join(repository, 'org/two/lib/1.10/lib-1.10.jar')).text()).toBe('org.two:lib:1.10');
  }, 30_000);

  test('deploys a release and a snapshot at one PoP, and resolves both at another, by a range and by its name', async () => {
    await succeeds(deploy('1.0', 'release'), { home: 'cold' });
    await succeeds(deploy('1.1-SNAPSHOT', 'first'), { home: 'cold' });
    await succeeds(deploy('1.1-SNAPSHOT', 'second'), { home: 'cold' });
    const project = join(folder.path, 'project');
    mkdirSync(project);
    const dependency = (artifact: string, version: string, type: string) =>
      `<dependency><groupId>com.acme</groupId><artifactId>${artifact}</artifactId><version>${version}</version>${type}</dependency>`;
    const resolve = async (version: string) => {
      const dependencies = `<dependencies>${dependency('lib', version, '')}</dependencies>`;
      writeFileSync(join(project, 'pom.xml'), pomOf('com.acme', 'app', '1', dependencies));
      return succeeds([`${resolver}:resolve`, '-U'], { home: 'far', pop: 'far', cwd: project });
    };
    const { repository, output } = await resolve('[1.0,1.1-alpha)');
    expect(output).toContain('com.acme:lib:jar:1.0:compile');
    expect(await Bun.file(join(repository, 'com/acme/lib/1.0/lib-1.0.jar')).text()).toBe('release');
    await resolve('1.1-SNAPSHOT');
    expect(await Bun.file(join(repository, 'com/acme/lib/1.1-SNAPSHOT/lib-1.1-SNAPSHOT.jar')).text()).toBe(
      'second',
    );
    expect(upstream.requests().filter(({ path }) => path.includes('/com/acme/'))).toEqual([]);
  }, 60_000);

  test('keeps what is not public from whoever has no right, and whether it is there', async () => {
    for (const path of [
      'lib/1.0/lib-1.0.jar',
      'lib/1.0/lib-1.0.jar.sha1',
      'lib/maven-metadata.xml',
      'none/1/none-1.pom',
    ]) {
      expect([path, (await fetch(`${urlAt('far')}/com/acme/${path}`)).status]).toEqual([path, 401]);
    }
  });

  test('says why it may not: other bytes of a release, a rule', async () => {
    expect((await mvn(deploy('1.0', 'otherwise'), { home: 'cold' })).output).toContain('409 Conflict');
    expect((await mvn(get('org.blocked:lib:1.0'), { home: 'cold' })).output).toMatch(
      /status code: 403|403 Forbidden/,
    );
  }, 60_000);

  test('is never given a file that is not what its checksum says, and gets it once it is', async () => {
    other.deploy('org.torn', 'lib', '1.0');
    other.fault({ as: 'corrupt' }, ({ path }) => path === '/org/torn/lib/1.0/lib-1.0.jar');
    const torn = await mvn(get('org.torn:lib:1.0'), { home: 'cold' });
    expect(torn.code).not.toBe(0);
    expect(existsSync(join(torn.repository, 'org/torn/lib/1.0/lib-1.0.jar'))).toBe(false);
    other.fault(null);
    // A refused file is not asked for again for some seconds.
    const again = await eventually('the right file', async () => {
      const response = await fetch(`${urlAt('far')}/org/torn/lib/1.0/lib-1.0.jar`);
      return response.ok && response.text();
    });
    expect(again).toBe('org.torn:lib:1.0');
  }, 60_000);
});
