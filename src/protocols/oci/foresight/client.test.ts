import { expect, test } from 'bun:test';
import { clientOf } from './client.ts';

test('docker and CRI-O say what they run on', () => {
  const docker =
    'docker/27.3.1 go/go1.22.7 git-commit/41ca978 kernel/6.8.0-45-generic os/linux arch/arm64 UpstreamClient(Docker-Client/27.3.1 \\(linux\\))';
  expect(clientOf(docker)).toEqual({ platform: 'linux/arm64', takes: 1, takesAfterHead: 0.7 });
  expect(clientOf('cri-o/1.30.4 go/go1.22.5 os/linux arch/amd64')).toMatchObject({ platform: 'linux/amd64' });
});

test('podman, buildah and skopeo do not, and fetch a manifest at once', () => {
  for (const one of ['containers/5.23.1 (github.com/containers/image)', 'Buildah/1.28.2', 'skopeo/1.9.3'])
    expect([one, clientOf(one)]).toEqual([one, { platform: null, takes: 1, takesAfterHead: 0 }]);
  expect(clientOf('containerd/v2.0.1')).toMatchObject({ platform: null, takesAfterHead: 0.7 });
});

test('what is made with a library may only look', () => {
  expect(clientOf('mytool go-containerregistry/v0.20.2')).toMatchObject({ takes: 0.6, takesAfterHead: 0 });
  expect(clientOf('crane/v0.20.2 go-containerregistry/v0.20.2')).toMatchObject({ takes: 1 });
});

test('of all others, nothing is known', () => {
  for (const one of ['', 'curl/8.5.0', 'renovate/39.1', 'notdocker/1'])
    expect([one, clientOf(one)]).toEqual([one, 'unknown']);
});
