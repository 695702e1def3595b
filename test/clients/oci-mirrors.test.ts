/**
 * A PoP as a mirror of a registry, for podman and skopeo by `registries.conf`, and for another network of Meridian, whose origin pulls
 * through this one.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { oci } from '../../src/index.ts';
import { toolSucceeds } from '../support/container-client.ts';
import { type Sketch, startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { type OciRegistry, type PushedImage, startOciRegistry } from '../support/oci-registry.ts';

const problem = ['skopeo', 'podman'].every((name) => Bun.which(name))
  ? null
  : 'skopeo or podman is not installed';
const folder = temporary('oci-mirrors');
/** A layer that podman can unpack. */
const emptyTar = new Uint8Array(10_240);

describe.skipIf(!available('skopeo and podman', problem))('a mirror', () => {
  let registry: OciRegistry;
  let near: TestNetwork;
  let far: TestNetwork;
  let image: PushedImage;

  beforeAll(async () => {
    writeFileSync(join(folder.path, 'auth.json'), '{}'); // podman wants one, be it empty
    registry = await startOciRegistry();
    image = registry.image('team/app', 'v1', [emptyTar]);
    const metadata = { freshS: '1m' } as const;
    far = await networkOf('far', [
      oci({ sources: [{ name: 'hub.example', url: registry.url }], mirrors: 'hub.example', metadata }),
    ]);
    const url = far.url('pop');
    near = await networkOf('near', [
      oci({
        sources: [
          { name: 'hub.example', url, prefix: 'hub.example' },
          { name: 'mirrored.example', url },
        ],
        metadata,
      }),
    ]);
  }, 60_000);

  afterAll(async () => {
    await near?.stop();
    await far?.stop();
    await registry?.off();
    folder[Symbol.dispose]();
  }, 30_000);

  /** By their names networks know each other: one of the same name would look like a loop. */
  function networkOf(name: string, routes: Sketch['routes']): Promise<TestNetwork> {
    const nodes = { origin: { role: 'origin' }, pop: { role: 'pop', parents: ['origin'] } } as const;
    return startNetwork({ name, nodes, routes });
  }

  /** The registry itself cannot be reached by its name, so that only the mirror can have answered. */
  function writeMirror(location: string): string {
    const file = join(folder.path, 'registries.conf');
    const mirror = `[[registry.mirror]]\nlocation = "${location}"\ninsecure = true\n`;
    writeFileSync(file, `[[registry]]\nprefix = "hub.example"\nlocation = "hub.example"\n\n${mirror}`);
    return file;
  }

  const hostOf = (network: TestNetwork) => network.url('pop').slice('http://'.length);
  const copied = (from: string, options: readonly string[] = []) => {
    const to = `dir:${join(folder.path, crypto.randomUUID())}`;
    return toolSucceeds(['skopeo', ...options, 'copy', '--src-tls-verify=false', from, to], folder.path);
  };

  test('is asked by skopeo instead of the registry whose images it has', async () => {
    for (const location of [hostOf(far), `${hostOf(far)}/hub.example`]) {
      const options = ['--registries-conf', writeMirror(location)];
      await copied('docker://hub.example/team/app:v1', options);
    }
    expect(registry.fetched(image.layers[0] ?? '')).toBe(1);
  });

  test('is asked by podman, which runs with the same file', async () => {
    const registriesFile = writeMirror(`${hostOf(far)}/hub.example`);
    const at = (name: string) => join(folder.path, 'podman', name);
    const podman = ['env', `CONTAINERS_REGISTRIES_CONF=${registriesFile}`, 'podman'];
    const own = ['--root', at('root'), '--runroot', at('run'), '--storage-driver', 'vfs'];
    await toolSucceeds([...podman, ...own, 'pull', 'hub.example/team/app:v1'], folder.path);
    const ran = await toolSucceeds([...podman, ...own, 'images', '--digests', '--noheading'], folder.path);
    expect(ran.stdout).toContain(image.digest);
  });

  test('of another network is one hop more, by either of its names', async () => {
    await copied(`docker://${hostOf(near)}/hub.example/team/app:v1`);
    await copied(`docker://${hostOf(near)}/mirrored.example/team/app:v1`);
    expect(registry.fetched(image.layers[0] ?? '')).toBe(1);
  });

  test('still answers, of what it has, when the other network and the registry are gone', async () => {
    await registry.off();
    await far.stop();
    await copied(`docker://${hostOf(near)}/hub.example/team/app:v1`);
  });
});
