import { expect, test } from 'bun:test';
import { type Step, textOf } from '../../guide.ts';
import { guides } from './guides.ts';

const sources = [
  { name: 'docker.io', url: 'https://registry-1.docker.io' },
  { name: 'registry.example:5000', url: 'https://registry.example:5000' },
];

function textsOf(id: string, url: string, mirrors: string | null = 'docker.io') {
  const guide = guides(sources, mirrors, { route: 'oci', url }).find((each) => each.id === id);
  const files = (guide?.setUp ?? []).flatMap((step: Step) =>
    step.do === 'set' ? [[step.file.path, textOf(step.file)] as const] : [],
  );
  return new Map(files);
}

test('Docker has the network as its mirror where that is one of Docker Hub', () => {
  const file = '/etc/docker/daemon.json';
  expect(JSON.parse(textsOf('docker', 'https://images.example').get(file) ?? '')).toEqual({
    'registry-mirrors': ['https://images.example'],
  });
  expect(JSON.parse(textsOf('docker', 'http://127.0.0.1:4873').get(file) ?? '')).toEqual({
    'registry-mirrors': ['http://127.0.0.1:4873'],
    'insecure-registries': ['127.0.0.1:4873'],
  });
  expect(textsOf('docker', 'https://images.example', null).size).toBe(0);
});

test('containerd has a file for each registry, also where the route has a path', () => {
  const text = textsOf('containerd', 'https://images.example').get(
    '/etc/containerd/certs.d/docker.io/hosts.toml',
  );
  expect(Bun.TOML.parse(text ?? '')).toEqual({
    server: 'https://registry-1.docker.io',
    host: { 'https://images.example': { capabilities: ['pull', 'resolve'] } },
  });
  const below = textsOf('containerd', 'https://images.example/x');
  expect(below.get('/etc/containerd/certs.d/registry.example:5000/hosts.toml')).toContain(
    '[host."https://images.example/x/v2"]\n  capabilities = ["pull", "resolve"]\n  override_path = true\n',
  );
  expect(
    guides(sources, null, { route: 'oci', url: 'https://images.example/x' }).map(({ id }) => id),
  ).toEqual(['containerd']);
});

test('Podman has a mirror for each registry, by its full name', () => {
  const text = textsOf('podman', 'http://127.0.0.1:4873').get(
    '.config/containers/registries.conf.d/meridian.conf',
  );
  expect(Bun.TOML.parse(text ?? '')).toEqual({
    registry: [
      { location: '127.0.0.1:4873', insecure: true },
      ...sources.map(({ name }) => ({
        ...{ prefix: name, location: name },
        mirror: [{ location: `127.0.0.1:4873/${name}`, insecure: true }],
      })),
    ],
  });
});

test('Skopeo and Helm need no set-up, and are told where there is no TLS', () => {
  const installs = (url: string) =>
    guides(sources, null, { route: 'oci', url }).flatMap(({ id, install }) =>
      install === undefined ? [] : [[id, install]],
    );
  expect(installs('https://images.example')).toEqual([
    ['docker', 'docker pull images.example/{package}'],
    ['podman', 'podman pull images.example/{package}'],
    ['skopeo', 'skopeo copy docker://images.example/{package} dir:image'],
    ['helm', 'helm pull oci://images.example/{name} --version {version}'],
  ]);
  expect(installs('http://127.0.0.1:4873').slice(1)).toEqual([
    ['podman', 'podman pull --tls-verify=false 127.0.0.1:4873/{package}'],
    ['skopeo', 'skopeo copy --src-tls-verify=false docker://127.0.0.1:4873/{package} dir:image'],
    ['helm', 'helm pull --plain-http oci://127.0.0.1:4873/{name} --version {version}'],
  ]);
});
