/**
 * A second Meridian as an upstream: images that live in one network, and those that it pulls itself, pulled through another one, with a
 * token and without, by skopeo; with their tags, their referrers, and their end.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { oci } from '../../src/index.ts';
import { tokenFor } from '../support/access.ts';
import { runTool, toolSucceeds } from '../support/container-client.ts';
import { type Image, random, writeImage } from '../support/image.ts';
import { eventually, startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { digestOf, type OciRegistry, startOciRegistry } from '../support/oci-registry.ts';

const problem = Bun.which('skopeo') === null ? 'skopeo is not installed' : null;
const folder = temporary('oci-second');

describe.skipIf(!available('skopeo', problem))('an image of another Meridian', () => {
  let registry: OciRegistry;
  let home: TestNetwork;
  let second: TestNetwork;
  let token: string;
  let app: Image;

  beforeAll(async () => {
    registry = await startOciRegistry();
    app = writeImage(join(folder.path, 'app'), 'v1', { layers: [random(2_000_000), random(2_000)] });
    home = await startNetwork({
      name: 'home',
      nodes: {
        origin: { role: 'origin', store: {} },
        pop: { role: 'pop', parents: ['origin'] },
      },
      routes: [
        oci({
          sources: [{ name: 'hub.example', url: registry.url }],
          hosted: { names: ['open/*', 'closed/*'], public: ['open/*'] },
          metadata: { freshS: '1s' },
        }),
      ],
    });
    const all = { actions: ['read', 'publish', 'delete'], routes: ['oci'], subjects: ['*'] } as const;
    ({ token } = await tokenFor(home.node('origin'), 'ci', [all]));
    const url = home.url('pop');
    second = await startNetwork({
      name: 'second',
      nodes: {
        origin: { role: 'origin' },
        pop: { role: 'pop', parents: ['origin'] },
      },
      routes: [
        oci({
          sources: [
            { name: 'home.example', url, username: 'ci', password: token },
            { name: 'open.example', url },
            { name: 'wrong.example', url, username: 'ci', password: `${token.slice(0, -4)}0000` },
            { name: 'hub.example', url, prefix: 'hub.example' },
          ],
          metadata: { freshS: '1s' },
        }),
      ],
    });
    for (const name of ['open/app', 'closed/app']) await push('app', name);
  }, 60_000);

  afterAll(async () => {
    await second?.stop();
    await home?.stop();
    await registry?.off();
    folder[Symbol.dispose]();
  }, 30_000);

  const at = (network: TestNetwork, name: string) =>
    `docker://${network.url('pop').slice('http://'.length)}/${name}:v1`;
  const get = (path: string) => fetch(`${second.url('pop')}/v2/${path}`);
  const digestAt = async (path: string) => (await get(path)).headers.get('docker-content-digest');

  async function push(from: string, to: string): Promise<void> {
    const words = ['--preserve-digests', '--dest-tls-verify=false', '--dest-creds', `ci:${token}`];
    const local = `oci:${join(folder.path, from)}:v1`;
    await toolSucceeds(['skopeo', 'copy', ...words, local, at(home, to)], folder.path);
  }

  function pull(name: string) {
    const to = `oci:${join(folder.path, crypto.randomUUID())}:pulled`;
    return runTool(['skopeo', 'copy', '--src-tls-verify=false', at(second, name), to], folder.path);
  }

  async function errorAt(path: string) {
    const answer = await get(path);
    const body = (await answer.json()) as { errors: { code: string; message: string }[] };
    return { status: answer.status, ...body.errors[0] };
  }

  test('comes with the credentials of a token, and where it is public without any', async () => {
    for (const name of ['home.example/closed/app', 'home.example/open/app', 'open.example/open/app']) {
      expect((await pull(name)).code).toBe(0);
      expect(await digestAt(`${name}/manifests/v1`)).toBe(app.digest);
      const layers = await Promise.all(
        app.layers.map(async (digest) => (await get(`${name}/blobs/${digest}`)).bytes()),
      );
      expect(layers.map(digestOf)).toEqual([...app.layers]);
    }
  });

  test('that nobody may have without a token is unknown without one, and a wrong one is told of', async () => {
    expect(await errorAt('open.example/closed/app/manifests/v1')).toMatchObject({
      status: 404,
      code: 'MANIFEST_UNKNOWN',
    });
    // Where the image is public, nobody asks for the password.
    expect(await digestAt('wrong.example/open/app/manifests/v1')).toBe(app.digest);
    const wrong = await errorAt('wrong.example/closed/app/manifests/v1');
    expect(wrong.status).toBe(502);
    expect(wrong.message).toContain('check the `username` and `password`');
    const none = await errorAt('home.example/open/none/manifests/v1');
    expect(none).toMatchObject({ status: 404, code: 'MANIFEST_UNKNOWN' });
  });

  test('may be one that the first pulls from a third', async () => {
    const { digest, layers } = registry.image('team/app', 'v1', [random(5_000)]);
    expect(await digestAt('hub.example/team/app/manifests/v1')).toBe(digest);
    expect(digestOf(await (await get(`hub.example/team/app/blobs/${layers[0]}`)).bytes())).toBe(
      layers[0] ?? '',
    );
    expect(registry.fetched(layers[0] ?? '')).toBe(1);
  });

  test('has its tags and its referrers', async () => {
    const empty = {
      mediaType: 'application/vnd.oci.empty.v1+json',
      digest: digestOf(Buffer.from('{}')),
      size: 2,
    };
    const manifest = JSON.stringify({
      ...{ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', layers: [] },
      ...{ artifactType: 'application/spdx+json', config: empty },
      subject: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: app.digest, size: 1 },
    });
    const digest = digestOf(Buffer.from(manifest));
    const authorization = `Bearer ${token}`;
    const url = `${home.url('pop')}/v2/open/app`;
    const blob = await fetch(`${url}/blobs/uploads/?digest=${empty.digest}`, {
      ...{
        method: 'POST',
        body: '{}',
        headers: { authorization, 'content-type': 'application/octet-stream' },
      },
    });
    expect(blob.status).toBe(201);
    const pushed = await fetch(`${url}/manifests/${digest}`, {
      method: 'PUT',
      body: manifest,
      headers: { authorization, 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
    });
    expect(pushed.status).toBe(201);
    const referrers = await (await get(`open.example/open/app/referrers/${app.digest}`)).json();
    expect(referrers).toMatchObject({ manifests: [{ digest, artifactType: 'application/spdx+json' }] });
    expect(await (await get('open.example/open/app/tags/list')).json()).toEqual({
      name: 'open.example/open/app',
      tags: ['v1'],
    });
  });

  test('moves with its tag, and stays when the first is gone', async () => {
    const next = writeImage(join(folder.path, 'next'), 'v1', { layers: [random(3_000)] });
    await push('next', 'open/app');
    await eventually(
      'the tag to move',
      async () => (await digestAt('open.example/open/app/manifests/v1')) === next.digest,
    );
    expect((await pull('open.example/open/app')).code).toBe(0);
    await home.stop();
    // Beyond the second for which the tag is fresh.
    await Bun.sleep(1_500);
    expect((await pull('open.example/open/app')).code).toBe(0);
    const stale = await get('open.example/open/app/manifests/v1');
    expect(stale.headers.get('docker-content-digest')).toBe(next.digest);
    const never = await errorAt('open.example/open/other/manifests/v1');
    expect([502, 503, 504]).toContain(never.status);
    expect(never.code).toBe('UNKNOWN');
  });
});
