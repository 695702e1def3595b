/** How build tools of the Java world are pointed at a route. */
import type { ClientGuide, RouteAddress, Setting, Step } from '../../guide.ts';
import { run, undoOf } from '../guiding.ts';

const mavenFile = '.m2/settings.xml';
const gradleFile = '.gradle/init.d/meridian.gradle';
const sbtFile = '.sbt/repositories';
/** Where clients have a token from: no file holds it. */
const tokenVariable = 'MERIDIAN_TOKEN';

export function guides({ url }: RouteAddress): readonly ClientGuide[] {
  const repository = `${url}/`;
  return [maven(repository), gradle(repository), sbt(repository)];
}

function maven(repository: string): ClientGuide {
  const mirror = `<mirror><id>meridian</id><mirrorOf>*</mirrorOf><url>${repository}</url></mirror>`;
  const server = `<server><id>meridian</id><username>token</username><password>\${env.${tokenVariable}}</password></server>`;
  const both = '<releases><enabled>true</enabled></releases><snapshots><enabled>true</enabled></snapshots>';
  const central = `<id>central</id><url>${repository}</url>${both}`;
  // Without it, Maven asks nobody for snapshots: its own repository has none.
  const profile = `<profile><id>meridian</id><repositories><repository>${central}</repository></repositories><pluginRepositories><pluginRepository>${central}</pluginRepository></pluginRepositories></profile>`;
  const active = '<activeProfile>meridian</activeProfile>';
  const element = (section: string, value: string): Setting => ({ section, key: '<id>meridian</id>', value });
  return {
    ...{ id: 'mvn', title: 'Maven', trust: trustOf(repository), undo: undoOf('mvn') },
    setUp: [
      {
        do: 'set',
        file: {
          ...{ path: mavenFile, form: 'xml' },
          settings: [
            element('settings/mirrors', mirror),
            element('settings/profiles', profile),
            { section: 'settings/activeProfiles', key: active, value: active },
          ],
        },
        why: 'Artifacts, parents and plugins then come from this network, whatever repositories a POM names; snapshots, too.',
      },
    ],
    logIn: [
      {
        do: 'set',
        file: { path: mavenFile, form: 'xml', settings: [element('settings/servers', server)] },
        why: `Names the variable that holds the token; the file holds none. To deploy: \`mvn deploy -DaltDeploymentRepository=meridian::${repository}\`.`,
      },
      run(`export ${tokenVariable}=<token>`, 'A token of this network; `meridian token create` makes one.'),
    ],
    check: [
      run(
        'mvn dependency:get -Dartifact=commons-io:commons-io:2.11.0',
        'Fetches an artifact with its parents through the network.',
      ),
    ],
    install: `mvn dependency:get -Dartifact={name}:{version} -DremoteRepositories=meridian::::${repository}`,
  };
}

function gradle(repository: string): ClientGuide {
  const isPlain = repository.startsWith('http:');
  const lines = [
    `def meridian = '${repository}'`,
    'def through = { repository ->',
    "  if (repository instanceof MavenArtifactRepository && repository.url.scheme != 'file') {",
    '    repository.url = meridian',
    // Without it, Gradle refuses addresses without TLS.
    ...(isPlain ? ['    repository.allowInsecureProtocol = true'] : []),
    `    def token = System.getenv('${tokenVariable}')`,
    "    if (token) repository.credentials { username = 'token'; password = token }",
    '  }',
    '}',
    'beforeSettings { settings ->',
    '  settings.pluginManagement.repositories.all(through)',
    '  settings.dependencyResolutionManagement.repositories.all(through)',
    '}',
    'allprojects {',
    '  buildscript.repositories.all(through)',
    '  repositories.all(through)',
    '}',
  ];
  return {
    ...{ id: 'gradle', title: 'Gradle', trust: trustOf(repository), undo: undoOf('gradle') },
    setUp: [
      {
        do: 'set',
        file: {
          ...{ path: gradleFile, form: 'own' },
          settings: lines.map((value, line) => ({ key: String(line), value })),
        },
        why: 'Every Maven repository that a build names is then asked through this network, that of plugins too.',
      },
    ],
    logIn: [
      run(`export ${tokenVariable}=<token>`, 'A token of this network; the init script reads it here.'),
    ],
    check: [
      run('gradle --refresh-dependencies dependencies', 'Lists what the build needs, from this network.'),
    ],
  };
}

function sbt(repository: string): ClientGuide {
  return {
    ...{ id: 'sbt', title: 'sbt', trust: trustOf(repository), undo: undoOf('sbt'), logIn: [] },
    setUp: [
      {
        do: 'set',
        file: {
          ...{ path: sbtFile, form: 'own' },
          settings: ['[repositories]', '  local', `  meridian: ${repository}`].map((value, line) => ({
            ...{ key: String(line), value },
          })),
        },
        why: 'sbt asks these alone when it runs with `-Dsbt.override.build.repos=true`.',
      },
    ],
    check: [
      run('sbt -Dsbt.override.build.repos=true update', 'Fetches what the build needs from this network.'),
    ],
  };
}

function trustOf(repository: string): readonly Step[] {
  if (!repository.startsWith('https:')) return [];
  return [
    run(
      'keytool -importcert -cacerts -noprompt -alias meridian -file /path/to/ca.pem',
      'Only where the certificate of this address is from an authority of your own: has Java trust it.',
    ),
  ];
}
