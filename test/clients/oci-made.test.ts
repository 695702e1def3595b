/**
 * What clients make and push: images for several platforms put together by buildah and podman, layers in zstd, charts, and what is said
 * about an image; copied, listed, inspected, referred to; and a pull that is killed half way and goes on.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { oci } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { runTool, toolSucceeds } from '../support/container-client.ts';
import { random, writeImage } from '../support/image.ts';
import { eventually, startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';

const clients = ['skopeo', 'podman', 'buildah'] as const;
const missing = clients.find((client) => Bun.which(client) === null);
const problem = missing === undefined ? null : `${missing} is not installed`;
const folder = temporary('oci-made');
const imageType = 'application/vnd.oci.image.manifest.v1+json';
const copyAsIs = ['copy', '--preserve-digests', '--dest-tls-verify=false'] as const;
const slowBytesPerSecond = 8_000_000;

const index = z.object({
  mediaType: z.string().optional(),
  manifests: z.array(
    z.object({
      digest: z.string(),
      mediaType: z.string(),
      artifactType: z.string().optional(),
      platform: z.object({ architecture: z.string() }).optional(),
    }),
  ),
});
const manifest = z.object({
  layers: z.array(z.object({ mediaType: z.string(), digest: z.string(), size: z.number() })),
});

describe.skipIf(!available('skopeo, podman and buildah', problem))('what clients make', () => {
  let network: TestNetwork;
  let token: string;
  let homes = 0;

  beforeAll(async () => {
    network = await startNetwork({
      nodes: {
        origin: { role: 'origin', store: {} },
        shield: { role: 'shield', parents: ['origin'] },
        near: { role: 'pop', parents: ['shield'] },
        far: { role: 'pop', parents: ['shield'] },
      },
      routes: [oci({ hosted: { names: ['*'], public: ['open/*'] } })],
    });
    const all = { actions: ['read', 'publish', 'delete'], routes: ['oci'], subjects: ['*'] } as const;
    ({ token } = await tokenFor(network.node('origin'), 'ci', [all]));
  }, 60_000);

  afterAll(async () => {
    await network?.stop();
    folder[Symbol.dispose]();
  }, 30_000);

  const hostOf = (pop: string) => network.url(pop).slice('http://'.length);
  const at = (name: string, pop = 'near') => `docker://${hostOf(pop)}/${name}`;
  const get = (path: string, init: RequestInit = {}) =>
    fetch(`${network.url('far')}/v2/${path}`, { ...init, headers: { ...bearer(token), ...init.headers } });

  /** A home for a client that has logged in with a token. */
  async function home(client: string): Promise<string> {
    // Podman takes no path of more than 50 characters.
    const path = join(folder.path, `h${++homes}`);
    mkdirSync(path);
    await toolSucceeds(
      [client, 'login', '--tls-verify=false', '-u', 'ci', '-p', token, hostOf('near')],
      path,
    );
    return path;
  }

  function own(client: 'podman' | 'buildah', at: string): string[] {
    return [client, '--root', join(at, 'root'), '--runroot', join(at, 'run'), '--storage-driver', 'vfs'];
  }

  for (const client of ['buildah', 'podman'] as const)
    test(`an image for two platforms, put together by ${client}, is pulled for each`, async () => {
      const where = await home(client);
      const run = (...words: string[]) => toolSucceeds([...own(client, where), ...words], where);
      const list = `made-by-${client}`;
      await run('manifest', 'create', list);
      for (const architecture of ['amd64', 'arm64']) {
        writeFileSync(join(where, architecture), random(3000));
        writeFileSync(join(where, 'Containerfile'), `FROM scratch\nCOPY ${architecture} /content\n`);
        const image = ['--arch', architecture, '--format', 'oci', '-t', `${list}-${architecture}`];
        await run(client === 'podman' ? 'build' : 'bud', '--isolation', 'chroot', ...image, where);
        await run('manifest', 'add', list, `containers-storage:localhost/${list}-${architecture}`);
      }
      const to = at(`closed/${client}:v1`);
      await run('manifest', 'push', '--tls-verify=false', '--all', list, to);
      const pushed = index.parse(await (await get(`closed/${client}/manifests/v1`)).json());
      const platforms = pushed.manifests.map(({ platform }) => platform?.architecture);
      expect(platforms.toSorted()).toEqual(['amd64', 'arm64']);
      for (const architecture of ['amd64', 'arm64']) {
        const words = ['inspect', '--tls-verify=false', '--override-arch', architecture];
        const { stdout } = await toolSucceeds(['skopeo', ...words, to], where);
        expect(JSON.parse(stdout)).toMatchObject({ Architecture: architecture });
      }
      await run('pull', '--tls-verify=false', '--arch', 'arm64', to);
    }, 90_000);

  test('all platforms are copied to another repository, digest for digest', async () => {
    const where = await home('skopeo');
    const { digest } = writeImage(join(where, 'many'), 'v1', { platforms: ['amd64', 'arm64', 's390x'] });
    const copy = ['skopeo', 'copy', '--all', '--preserve-digests'];
    const insecure = ['--src-tls-verify=false', '--dest-tls-verify=false'];
    await toolSucceeds([...copy, ...insecure, `oci:${join(where, 'many')}:v1`, at('open/many:v1')], where);
    await toolSucceeds([...copy, ...insecure, at('open/many:v1'), at('closed/copy:v2')], where);
    const copied = await get('closed/copy/manifests/v2');
    expect(copied.headers.get('docker-content-digest')).toBe(digest);
    for (const each of index.parse(await copied.json()).manifests)
      expect((await get(`closed/copy/manifests/${each.digest}`)).status).toBe(200);
  }, 30_000);

  test('tags are listed, an image is inspected and deleted, by skopeo', async () => {
    const where = await home('skopeo');
    const image = writeImage(join(where, 'app'), 'v1', { layers: [random(2000)] });
    const skopeo = (...words: string[]) => toolSucceeds(['skopeo', ...words], where);
    for (const tag of ['v1', 'v2'])
      await skopeo(...copyAsIs, `oci:${join(where, 'app')}:v1`, at(`closed/app:${tag}`));
    const listed = JSON.parse((await skopeo('list-tags', '--tls-verify=false', at('closed/app'))).stdout);
    expect(listed).toEqual({ Repository: `${hostOf('near')}/closed/app`, Tags: ['v1', 'v2'] });
    const inspect = ['inspect', '--tls-verify=false', at('closed/app:v1')];
    const inspected = JSON.parse((await skopeo(...inspect)).stdout);
    expect(inspected).toMatchObject({ Digest: image.digest, Layers: image.layers, RepoTags: ['v1', 'v2'] });
    await skopeo('delete', '--tls-verify=false', at('closed/app:v1'));
    expect((await get('closed/app/manifests/v2')).status).toBe(404);
    const gone = await runTool(['skopeo', ...inspect], where);
    expect([gone.code === 0, gone.output]).toEqual([false, expect.stringContaining('manifest unknown')]);
  }, 30_000);

  test('wrong credentials, and a right that is missing, are told apart', async () => {
    const image = join(folder.path, 'told');
    writeImage(image, 'v1');
    const push = (credentials: string) =>
      runTool(
        [
          ...['skopeo', 'copy', '--dest-tls-verify=false', '--dest-creds', credentials],
          ...[`oci:${image}:v1`, at('closed/told:v1')],
        ],
        folder.path,
      );
    const wrong = await push('ci:nonsense');
    expect([wrong.code === 0, wrong.output]).toEqual([
      ...[false, expect.stringMatching(/unauthorized|invalid username\/password/)],
    ]);
    const { token: reading } = await tokenFor(network.node('origin'), 'reader', [
      { actions: ['read'], routes: ['oci'], subjects: ['*'] },
    ]);
    const refused = await push(`reader:${reading}`);
    expect([refused.code === 0, refused.output]).toEqual([false, expect.stringMatching(/denied/)]);
    expect((await get('closed/told/tags/list')).status).toBe(404);
  }, 30_000);

  test('layers in zstd stay what they are, and podman unpacks them', async () => {
    const where = await home('podman');
    const run = (...words: string[]) => toolSucceeds([...own('podman', where), ...words], where);
    writeFileSync(join(where, 'content'), 'in zstd\n'.repeat(5000));
    writeFileSync(join(where, 'Containerfile'), 'FROM scratch\nCOPY content /content\n');
    await run('build', '--isolation', 'chroot', '--format', 'oci', '-t', 'zstd', where);
    const to = at('closed/zstd:v1');
    await run('push', '--tls-verify=false', '--compression-format', 'zstd', 'zstd', to);
    const [layer] = manifest.parse(await (await get('closed/zstd/manifests/v1')).json()).layers;
    expect(layer?.mediaType).toBe('application/vnd.oci.image.layer.v1.tar+zstd');
    const bytes = await (await get(`closed/zstd/blobs/${layer?.digest}`)).bytes();
    expect([...bytes.subarray(0, 4)]).toEqual([0x28, 0xb5, 0x2f, 0xfd]);
    await run('rmi', '--all', '--force');
    await run('pull', '--tls-verify=false', `${hostOf('near')}/closed/zstd:v1`);
  }, 60_000);

  /** As helm, cosign and oras push: what they say about themselves is in the types. */
  async function pushArtifact(name: string, reference: string, made: object, blobs: readonly Uint8Array[]) {
    const headers = bearer(token);
    for (const blob of blobs) {
      const query = `?digest=${digestOf(blob)}`;
      const url = `${network.url('near')}/v2/${name}/blobs/uploads/${query}`;
      const pushed = await fetch(url, { method: 'POST', headers, body: new Uint8Array(blob) });
      expect(pushed.status).toBe(201);
    }
    return fetch(`${network.url('near')}/v2/${name}/manifests/${reference}`, {
      ...{ method: 'PUT', body: JSON.stringify({ schemaVersion: 2, mediaType: imageType, ...made }) },
      headers: { ...headers, 'content-type': imageType },
    });
  }

  test('a chart of helm is kept with its types, and skopeo copies it', async () => {
    const config = new TextEncoder().encode('{"name":"shop","version":"1.2.3","apiVersion":"v2"}');
    const chart = random(5000);
    const made = {
      config: descriptor('application/vnd.cncf.helm.config.v1+json', config),
      layers: [descriptor('application/vnd.cncf.helm.chart.content.v1.tar+gzip', chart)],
    };
    const pushed = await pushArtifact('closed/charts/shop', '1.2.3', made, [config, chart]);
    expect(pushed.status).toBe(201);
    const got = await get('closed/charts/shop/manifests/1.2.3');
    expect([got.headers.get('content-type'), await got.json()]).toEqual([
      ...[imageType, { schemaVersion: 2, mediaType: imageType, ...made }],
    ]);
    const where = await home('skopeo');
    const insecure = ['--src-tls-verify=false', '--dest-tls-verify=false'];
    const [from, to] = [at('closed/charts/shop:1.2.3'), at('closed/mirror/shop:1.2.3')];
    await toolSucceeds(['skopeo', 'copy', '--preserve-digests', ...insecure, from, to], where);
    const copied = await get('closed/mirror/shop/manifests/1.2.3');
    expect(copied.headers.get('docker-content-digest')).toBe(pushed.headers.get('docker-content-digest'));
  }, 30_000);

  test('what is said about an image is found by its digest, by its type, and gone when it is deleted', async () => {
    const [config, sbom] = [new TextEncoder().encode('{}'), random(700)];
    const about = {
      ...{ mediaType: imageType, digest: digestOf(random(10)), size: 10 },
    };
    const made = (artifactType: string) => ({
      ...{ artifactType, subject: about },
      config: descriptor('application/vnd.oci.empty.v1+json', config),
      layers: [descriptor(artifactType, sbom)],
    });
    const digests: string[] = [];
    for (const type of ['application/spdx+json', 'application/vnd.example.signature']) {
      const text = JSON.stringify({ schemaVersion: 2, mediaType: imageType, ...made(type) });
      const digest = digestOf(new TextEncoder().encode(text));
      const pushed = await pushArtifact('closed/said', digest, made(type), [config, sbom]);
      expect([pushed.status, pushed.headers.get('oci-subject')]).toEqual([201, about.digest]);
      digests.push(digest);
    }
    const referrers = async (query = '') => {
      const answer = await get(`closed/said/referrers/${about.digest}${query}`);
      return index.parse(await answer.json()).manifests.map(({ digest }) => digest);
    };
    expect((await referrers()).toSorted()).toEqual(digests.toSorted());
    expect(await referrers('?artifactType=application/spdx%2Bjson')).toEqual([digests[0] ?? '']);
    await toolSucceeds(
      [
        ...['skopeo', 'delete', '--tls-verify=false', '--creds', `ci:${token}`],
        at(`closed/said@${digests[0]}`),
      ],
      folder.path,
    );
    expect(await referrers()).toEqual(digests.slice(1));
  });

  test('a pull that is killed half way, and begun again, ends byte for byte', async () => {
    const where = await home('skopeo');
    const content = random(24_000_000);
    const image = writeImage(join(where, 'long'), 'v1', { layers: [content, random(1000)] });
    const push = ['skopeo', ...copyAsIs, `oci:${join(where, 'long')}:v1`];
    await toolSucceeds([...push, at('open/long:v1')], where);
    const [first = ''] = image.layers;
    // A client that takes it slowly, is killed, and asks for the rest.
    const file = join(where, 'layer');
    const url = `${network.url('far')}/v2/open/long/blobs/${first}`;
    const curl = ['curl', '-sS', '--fail', '--limit-rate', String(slowBytesPerSecond), '-o', file, url];
    const killed = Bun.spawn(curl, { stderr: 'ignore' });
    const taken = () => (readdirSync(where).includes('layer') ? statSync(file).size : 0);
    await eventually('a part of it', () => taken() > 1_000_000);
    killed.kill('SIGKILL');
    await killed.exited;
    expect(taken()).toBeLessThan(content.length);
    await toolSucceeds(['curl', '-sS', '--fail', '--continue-at', '-', '-o', file, url], where);
    expect(digestOf(readFileSync(file))).toBe(first);
    const out = `dir:${join(where, 'pulled')}`;
    const pull = ['skopeo', 'copy', '--src-tls-verify=false', at('open/long:v1', 'far'), out];
    const half = Bun.spawn(pull, { env: { HOME: where, PATH: process.env.PATH ?? '' }, stderr: 'ignore' });
    await eventually('it to begin', () => existsSync(join(where, 'pulled')));
    half.kill('SIGKILL');
    await half.exited;
    await toolSucceeds(pull, where);
    const pulled = readFileSync(join(where, 'pulled', first.slice('sha256:'.length)));
    expect(Buffer.compare(pulled, content)).toBe(0);
  }, 60_000);
});

function descriptor(mediaType: string, bytes: Uint8Array) {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`;
}
