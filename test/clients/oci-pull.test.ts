/**
 * Images pulled through a PoP, a shield and an origin from Debian's own registry, by skopeo: whole and digest for digest, fetched
 * from the upstream once, and served when that is gone.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { oci } from '../../src/index.ts';
import { runTool, toolSucceeds } from '../support/container-client.ts';
import type { Daemon } from '../support/daemon.ts';
import { dockerRegistryProblem, startDockerRegistry } from '../support/docker-registry.ts';
import { type Image, random, writeImage } from '../support/image.ts';
import { eventually, startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';

const problem = dockerRegistryProblem ?? (Bun.which('skopeo') === null ? 'skopeo is not installed' : null);
const folder = temporary('oci');

describe.skipIf(!available('docker-registry and skopeo', problem))('an image', () => {
  let upstream: Daemon;
  let network: TestNetwork;
  let image: Image;

  beforeAll(async () => {
    upstream = await startDockerRegistry();
    image = writeImage(join(folder.path, 'app'), 'v1', { layers: [random(3_000_000), random(2_000)] });
    await push('app', 'v1', 'team/app:v1');
    writeImage(join(folder.path, 'many'), 'v1', { platforms: ['amd64', 'arm64'] });
    await push('many', 'v1', 'library/many:v1');
    network = await startNetwork({
      nodes: {
        origin: { role: 'origin' },
        shield: { role: 'shield', parents: ['origin'] },
        pop: { role: 'pop', parents: ['shield'] },
      },
      routes: [
        oci({
          sources: [{ name: 'hub.example', url: `http://127.0.0.1:${upstream.port}`, namespace: 'library' }],
          mirrors: 'hub.example',
          metadata: { freshS: '1s' },
        }),
      ],
    });
  }, 60_000);

  afterAll(async () => {
    await network?.stop();
    await upstream?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  }, 30_000);

  async function push(from: string, tag: string, to: string): Promise<void> {
    const target = `docker://127.0.0.1:${upstream.port}/${to}`;
    await toolSucceeds(
      [
        'skopeo',
        'copy',
        '--all',
        '--preserve-digests',
        '--dest-tls-verify=false',
        `oci:${join(folder.path, from)}:${tag}`,
        target,
      ],
      folder.path,
    );
  }

  const at = (name: string) => `docker://${network.url('pop').slice('http://'.length)}/${name}`;
  const pull = (name: string) =>
    toolSucceeds(
      [
        ...['skopeo', 'copy', '--all', '--src-tls-verify=false', at(name)],
        `oci:${join(folder.path, crypto.randomUUID())}:pulled`,
      ],
      folder.path,
    );
  const get = (path: string, init?: RequestInit) => fetch(`${network.url('pop')}/v2/${path}`, init);

  test('comes by its full name, as of a mirror, and as containerd asks for it', async () => {
    await pull('hub.example/team/app:v1');
    await pull('team/app:v1');
    const byNamespace = await get('team/app/manifests/v1?ns=hub.example');
    expect(byNamespace.status).toBe(200);
    expect(byNamespace.headers.get('docker-content-digest')).toBe(image.digest);
    expect(new Bun.CryptoHasher('sha256').update(await byNamespace.bytes()).digest('hex')).toBe(
      image.digest.slice(7),
    );
    await pull('hub.example/many:v1');
  });

  test('is asked for at the upstream once, whatever it was called', async () => {
    const [layer = ''] = image.layers;
    const log = await Bun.file(join(upstream.folder, 'output.log')).text();
    const fetched = log.split('\n').filter((line) => line.includes(`"GET /v2/team/app/blobs/${layer}`));
    expect(fetched.length).toBe(1);
  });

  test('says by HEAD what it is, and gives a part of a layer', async () => {
    const head = await get('team/app/manifests/v1', { method: 'HEAD' });
    expect(head.headers.get('docker-content-digest')).toBe(image.digest);
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(100);
    const part = await get(`team/app/blobs/${image.layers[0]}`, { headers: { range: 'bytes=10-19' } });
    expect(part.status).toBe(206);
    expect((await part.bytes()).length).toBe(10);
  });

  test('that is not there is told of in the registry’s own words', async () => {
    const none = await get('team/none/manifests/v1');
    expect(none.status).toBe(404);
    expect(await none.json()).toMatchObject({ errors: [{ code: 'MANIFEST_UNKNOWN' }] });
    const malformed = await get('Team/app/manifests/v1');
    expect(malformed.status).toBe(404);
    expect(await malformed.json()).toMatchObject({ errors: [{ code: 'NAME_INVALID' }] });
    const inspected = await runTool(
      ['skopeo', 'inspect', '--tls-verify=false', at('team/none:v1')],
      folder.path,
    );
    expect(inspected.code).not.toBe(0);
    expect(inspected.output).toContain('manifest unknown');
  });

  test('has its tags, and nobody that refers to it', async () => {
    expect(await (await get('team/app/tags/list')).json()).toEqual({
      name: 'hub.example/team/app',
      tags: ['v1'],
    });
    const referrers = await get(`team/app/referrers/${image.digest}`);
    expect(referrers.headers.get('content-type')).toBe('application/vnd.oci.image.index.v1+json');
    expect(await referrers.json()).toMatchObject({ manifests: [] });
  });

  test('moves with its tag', async () => {
    const next = writeImage(join(folder.path, 'app2'), 'v1');
    await push('app2', 'v1', 'team/app:v1');
    await eventually('the tag to move', async () => {
      const { headers } = await get('team/app/manifests/v1');
      return headers.get('docker-content-digest') === next.digest;
    });
  });

  test('is still there when the upstream is not', async () => {
    await pull('team/app:v1');
    await upstream.kill();
    // Beyond the second for which the tag is fresh.
    await Bun.sleep(1500);
    await pull('team/app:v1');
  });
});
