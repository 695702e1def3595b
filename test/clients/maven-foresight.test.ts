/** What is foreseen of Maven, held against what it asks for: of plugins with real POMs, as Debian has them, and of a tree that a test has made. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { maven } from '../../src/index.ts';
import { maven as ecosystem } from '../../src/protocols/maven/maven.ts';
import { foretell, type RecordingDoor, recordingDoor } from '../support/foretold.ts';
import { startNetwork, type TestNetwork, temporary, within } from '../support/index.ts';
import {
  debianRepository,
  type MavenRepository,
  pomOf,
  startMavenRepository,
} from '../support/maven-repository.ts';
import { available } from '../support/needs.ts';

const pluginFolder = join(debianRepository, 'org/apache/maven/plugins/maven-dependency-plugin');
const version = existsSync(pluginFolder)
  ? readdirSync(pluginFolder).find((each) => /^\d[\d.]+$/.test(each))
  : undefined;
const canRun = available(
  'Maven with its plugins',
  Bun.which('mvn') === null
    ? 'mvn is not installed'
    : version === undefined
      ? `no plugins in ${debianRepository}`
      : null,
);
const folder = temporary('maven-foresight');
let upstream: MavenRepository;
let network: TestNetwork;
let door: RecordingDoor;

const dependency = (artifact: string, said = '') =>
  `<dependency><groupId>org.tree</groupId><artifactId>${artifact}</artifactId>${said}</dependency>`;
const at = (number: string) => `<version>${number}</version>`;
const needs = (...all: readonly string[]) => `<dependencies>${all.join('')}</dependencies>`;
const manages = (...all: readonly string[]) =>
  `<dependencyManagement>${needs(...all)}</dependencyManagement>`;
const parent = (artifact: string, number: string) =>
  `<parent><groupId>org.tree</groupId><artifactId>${artifact}</artifactId>${at(number)}</parent>`;

beforeAll(async () => {
  if (!canRun) return;
  upstream = await startMavenRepository({ over: debianRepository });
  const deploy = (artifact: string, number: string, pom = '', packaging = 'jar') =>
    upstream.deploy('org.tree', artifact, number, { pom, packaging });
  deploy(
    'base',
    '7',
    `<properties><leaf>1.2</leaf></properties>${manages(dependency('leaf', at('${leaf}')), dependency('bom', `${at('3')}<type>pom</type><scope>import</scope>`))}`,
    'pom',
  );
  deploy('bom', '3', manages(dependency('imported', at('3.1'))), 'pom');
  deploy('imported', '3.1');
  deploy('leaf', '1.1');
  deploy('leaf', '1.2');
  deploy('never', '1.0');
  deploy('excluded', '1.0', needs(dependency('never', at('1.0'))));
  deploy(
    'branch',
    '2.0',
    `${parent('base', '7')}${needs(dependency('leaf'), dependency('imported', '<scope>runtime</scope>'), dependency('never', `${at('1.0')}<scope>test</scope>`), dependency('never', `${at('1.0')}<optional>true</optional>`))}`,
  );
  deploy('other', '1.0', needs(dependency('leaf', at('1.1')), dependency('excluded', at('1.0'))));
  deploy(
    'trunk',
    '1.0',
    needs(
      dependency('branch', at('2.0')),
      dependency(
        'other',
        `${at('1.0')}<exclusions><exclusion><groupId>org.tree</groupId><artifactId>excluded</artifactId></exclusion></exclusions>`,
      ),
    ),
  );
  network = await startNetwork({
    nodes: { origin: { role: 'origin' }, near: { role: 'pop', parents: ['origin'] } },
    routes: [maven({ upstreams: [{ url: upstream.url }] })],
  });
  door = recordingDoor(network.url('near'));
}, 60_000);

afterAll(async () => {
  door?.[Symbol.dispose]();
  await network?.stop();
  await upstream?.off();
  folder[Symbol.dispose]();
});

async function mvn(args: readonly string[], home: string, cwd: string): Promise<void> {
  const where = join(folder.path, home);
  mkdirSync(where, { recursive: true });
  const settings = join(where, 'settings.xml');
  const mirror = `<mirror><id>m</id><mirrorOf>*</mirrorOf><url>${door.url}/maven/</url></mirror>`;
  writeFileSync(settings, `<settings><mirrors>${mirror}</mirrors></settings>`);
  const child = Bun.spawn(
    ['mvn', '-B', '-ntp', '-C', '-s', settings, `-Dmaven.repo.local=${join(where, 'repository')}`, ...args],
    {
      cwd,
      env: {
        PATH: [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter),
        ...{
          HOME: where,
          LANG: 'C.UTF-8',
          MAVEN_OPTS: '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto',
        },
      },
      ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
    },
  );
  const all = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  const [code, stdout] = await within(60_000, `mvn ${args.join(' ')}`, all);
  if (code !== 0) throw new Error(`mvn ${args.join(' ')} ended with ${code}:\n${stdout.slice(-4000)}`);
}

const foretold = () =>
  foretell(ecosystem({ checksums: 'warn', snapshotBuilds: 1 }), door.passed(), {
    url: network.url('near'),
    prefix: '/maven',
  });

describe.skipIf(!canRun)('of Maven', () => {
  test('what a build asks for is foreseen, with the plugin that it begins with', async () => {
    const cwd = join(folder.path, 'project');
    mkdirSync(cwd);
    writeFileSync(join(cwd, 'pom.xml'), pomOf('com.acme', 'app', '1', needs(dependency('trunk', at('1.0')))));
    door.forget();
    await mvn([`org.apache.maven.plugins:maven-dependency-plugin:${version}:resolve`], 'home', cwd);
    const told = await foretold();
    expect(told.precision).toBeGreaterThan(0.8);
    expect(told.recall).toBeGreaterThan(0.8);
  }, 90_000);
});
