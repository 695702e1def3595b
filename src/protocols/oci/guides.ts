/** How clients of containers are pointed at a route: as a mirror of the registries that it pulls from, and to log in. */
import type { ClientGuide, RouteAddress, Setting, SettingsForm, Step } from '../../guide.ts';
import { run, undoOf } from '../guiding.ts';
import type { OciSource } from './sources.ts';

interface Address {
  /** With its scheme, and nothing after the host. */
  readonly origin: string;
  readonly host: string;
  readonly isPlain: boolean;
  /** Where the API is: `/v2`, or below a path. */
  readonly api: string;
}

type Source = Pick<OciSource, 'name' | 'url'>;

/** @param mirrors name of the source of images whose name begins with none; `null`: there are no such images. */
export function guides(
  sources: readonly Source[],
  mirrors: string | null,
  { url }: RouteAddress,
): readonly ClientGuide[] {
  const { origin, host, protocol, pathname } = new URL(url);
  const path = pathname.replace(/\/+$/, '');
  const api = path.endsWith('/v2') ? path : `${path}/v2`;
  const at: Address = { origin, host, isPlain: protocol === 'http:', api };
  // The others ask for /v2 at the root of a host, and cannot be told of another place.
  if (api !== '/v2') return [containerd(at, sources)];
  return [
    docker(at, sources, mirrors),
    podman(at, sources),
    containerd(at, sources),
    skopeo(at, sources),
    helm(at),
  ];
}

const dockerHub = 'docker.io';

function docker(at: Address, sources: readonly Source[], mirrors: string | null): ClientGuide {
  const { host, origin } = at;
  const settings: Setting[] = [
    ...(mirrors === dockerHub ? [item('registry-mirrors', origin)] : []),
    // Without it, Docker refuses addresses without TLS.
    ...(at.isPlain ? [item('insecure-registries', host)] : []),
  ];
  const file = set(
    '/etc/docker/daemon.json',
    'json',
    settings,
    mirrors === dockerHub
      ? 'Images of Docker Hub then come from this network.'
      : 'Docker then talks to this address without TLS.',
  );
  const reload = run('sudo systemctl reload docker', 'Has Docker read its settings again.');
  return {
    ...{ id: 'docker', title: 'Docker', setUp: settings.length === 0 ? [] : [file, reload] },
    trust: trustOf(at, `/etc/docker/certs.d/${host}`, 'sudo '),
    logIn: [run(`docker login ${host}`, 'Asks who you are, and keeps a token instead of your password.')],
    check: [run(`docker pull ${exampleAt(at, sources)}`, 'An image by its full name, through this network.')],
    undo: [...undoOf('docker'), reload],
    install: `docker pull ${host}/{package}`,
  };
}

/** Skopeo, buildah and CRI-O read the same files. */
function podman(at: Address, sources: readonly Source[]): ClientGuide {
  const { host } = at;
  const insecure = at.isPlain ? ['insecure = true'] : [];
  const lines = [
    note('podman'),
    ...(at.isPlain ? ['[[registry]]', `location = "${host}"`, ...insecure, ''] : []),
    ...sources.flatMap(({ name }) => [
      ...['[[registry]]', `prefix = "${name}"`, `location = "${name}"`],
      ...['[[registry.mirror]]', `location = "${host}/${name}"`, ...insecure, ''],
    ]),
  ];
  const path = '.config/containers/registries.conf.d/meridian.conf';
  const why = 'Images of these registries then come from this network, and from themselves when it is away.';
  return {
    ...{ id: 'podman', title: 'Podman, Buildah', setUp: [set(path, 'own', ownLines(lines), why)] },
    trust: trustOf(at, `~/.config/containers/certs.d/${host}`, ''),
    logIn: [
      run(
        `podman login ${at.isPlain ? '--tls-verify=false ' : ''}${host}`,
        'Asks who you are. A token as the password can be revoked alone.',
      ),
    ],
    check: [run(`podman pull ${exampleAt(at, sources)}`, 'An image by its full name, through this network.')],
    undo: undoOf('podman'),
    install: `podman pull ${at.isPlain ? '--tls-verify=false ' : ''}${host}/{package}`,
  };
}

/** What is written for Podman holds for it, too; it needs none of that. */
function skopeo(at: Address, sources: readonly Source[]): ClientGuide {
  const { host, isPlain } = at;
  const [own, source] = isPlain ? [' --tls-verify=false', ' --src-tls-verify=false'] : ['', ''];
  return {
    ...{ id: 'skopeo', title: 'Skopeo', setUp: [] },
    trust: trustOf(at, `~/.config/containers/certs.d/${host}`, ''),
    logIn: [run(`skopeo login${own} ${host}`, 'Asks who you are. Podman and Buildah know it then, too.')],
    check: [
      run(`skopeo inspect${own} docker://${exampleAt(at, sources)}`, 'What there is to know of an image.'),
    ],
    undo: [run(`skopeo logout ${host}`, 'Forgets who you are.')],
    install: `skopeo copy${source} docker://${host}/{package} dir:image`,
  };
}

function helm({ host, isPlain }: Address): ClientGuide {
  const plain = isPlain ? ' --plain-http' : '';
  return {
    ...{ id: 'helm', title: 'Helm', setUp: [], trust: [] },
    logIn: [
      run(
        `helm registry login${plain} ${host}`,
        'Asks who you are; only charts that are not public need it.',
      ),
    ],
    check: [
      run(`helm show chart${plain} oci://${host}/NAME --version VERSION`, 'What a chart says of itself.'),
    ],
    undo: [run(`helm registry logout ${host}`, 'Forgets who you are.')],
    install: `helm pull${plain} oci://${host}/{name} --version {version}`,
  };
}

/** A file for each registry (containerd, docs/hosts.md). */
function containerd(at: Address, sources: readonly Source[]): ClientGuide {
  const mirror = at.api === '/v2' ? at.origin : `${at.origin}${at.api}`;
  const files = sources.map(({ name, url }) =>
    set(
      `/etc/containerd/certs.d/${name}/hosts.toml`,
      'own',
      ownLines([
        note('containerd'),
        `server = "${url}"`,
        '',
        `[host."${mirror}"]`,
        '  capabilities = ["pull", "resolve"]',
        ...(at.api === '/v2' ? [] : ['  override_path = true']),
      ]),
      `Images of ${name} then come from this network, and from there when it is away.`,
    ),
  );
  const where = run(
    'containerd config dump | grep config_path',
    'Has to name /etc/containerd/certs.d, for Kubernetes; nerdctl looks there by itself.',
  );
  return {
    ...{ id: 'containerd', title: 'containerd (Kubernetes, nerdctl)', setUp: [...files, where] },
    trust: trustOf(at, `/etc/containerd/certs.d/${at.host}`, 'sudo '),
    logIn: [run(`nerdctl login ${at.host}`, 'Kubernetes takes the same from an image pull secret.')],
    check: [run(`nerdctl pull ${example(sources)}`, 'An image of a registry that is mirrored.')],
    undo: undoOf('containerd'),
  };
}

function exampleAt({ host }: Address, sources: readonly Source[]): string {
  return `${host}/${example(sources)}`;
}

function example(sources: readonly Source[]): string {
  const first = sources.find(({ name }) => name === dockerHub) ?? sources[0];
  if (first?.name === dockerHub) return `${dockerHub}/library/hello-world`;
  return first === undefined ? 'NAME:TAG' : `${first.name}/NAME:TAG`;
}

function note(client: string): string {
  return `# Written by meridian setup; meridian setup ${client} --undo removes this file.`;
}

function ownLines(lines: readonly string[]): readonly Setting[] {
  return lines.map((value) => ({ key: '', value }));
}

function item(key: string, value: string): Setting {
  return { key, value: JSON.stringify(value), isItem: true };
}

function set(path: string, form: SettingsForm, settings: readonly Setting[], why: string): Step {
  return { do: 'set', file: { path, form, settings }, why };
}

function trustOf({ isPlain }: Address, folder: string, asRoot: string): readonly Step[] {
  if (isPlain) return [];
  const why = 'Only where the certificate of this address is from an authority of your own.';
  return [run(`${asRoot}install -D -m 644 /path/to/ca.pem ${folder}/ca.crt`, why)];
}
