/**
 * Images that live here: pushed through a PoP and a shield by skopeo, podman and buildah, pulled again at another PoP digest for digest,
 * copied, listed and deleted.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { oci } from '../../src/index.ts';
import { tokenFor } from '../support/access.ts';
import { runTool, toolSucceeds } from '../support/container-client.ts';
import { type Image, random, writeImage } from '../support/image.ts';
import { eventually, startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';

const problem = Bun.which('skopeo') === null ? 'skopeo is not installed' : null;
const folder = temporary('oci-hosted');
/** A layer that clients can unpack. */
const emptyTar = new Uint8Array(10_240);

describe.skipIf(!available('skopeo', problem))('an image that is pushed', () => {
  let network: TestNetwork;
  let token: string;
  let app: Image;
  let many: Image;

  beforeAll(async () => {
    app = writeImage(join(folder.path, 'app'), 'v1', { layers: [random(3_000_000), random(2_000)] });
    writeImage(join(folder.path, 'other'), 'v1');
    many = writeImage(join(folder.path, 'many'), 'v1', { platforms: ['amd64', 'arm64'] });
    network = await startNetwork({
      nodes: {
        origin: { role: 'origin', store: {} },
        shield: { role: 'shield', parents: ['origin'] },
        near: { role: 'pop', parents: ['shield'] },
        far: { role: 'pop', parents: ['shield'] },
      },
      routes: [oci({ hosted: { names: ['*'], public: ['open/*'], immutableTags: ['release-*'] } })],
    });
    const all = { actions: ['read', 'publish', 'delete'], routes: ['oci'], subjects: ['*'] } as const;
    ({ token } = await tokenFor(network.node('origin'), 'ci', [all]));
  }, 60_000);

  afterAll(async () => {
    await network?.stop();
    folder[Symbol.dispose]();
  }, 30_000);

  const at = (pop: string, name: string) => `docker://${network.url(pop).slice('http://'.length)}/${name}`;
  const local = (from: string) => `oci:${join(folder.path, from)}:v1`;
  const skopeo = (...words: string[]) => ['skopeo', ...words];
  const push = (from: string, to: string, ...words: string[]) =>
    skopeo(
      ...['copy', '--all', '--preserve-digests', '--dest-tls-verify=false', '--dest-creds', `ci:${token}`],
      ...[...words, local(from), at('near', to)],
    );
  const get = (pop: string, path: string, init?: RequestInit) =>
    fetch(`${network.url(pop)}/v2/${path}`, init);

  test('comes back byte for byte at every PoP, for anybody where it is public', async () => {
    await toolSucceeds(push('app', 'open/app:v1'), folder.path);
    const out = `oci:${join(folder.path, 'pulled')}:v1`;
    await toolSucceeds(skopeo('copy', '--src-tls-verify=false', at('far', 'open/app:v1'), out), folder.path);
    const manifest = await get('far', 'open/app/manifests/v1');
    expect(manifest.headers.get('docker-content-digest')).toBe(app.digest);
    const bytes = await manifest.bytes();
    expect(`sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`).toBe(app.digest);
  });

  test('keeps all its platforms', async () => {
    await toolSucceeds(push('many', 'open/many:v1'), folder.path);
    const index = await get('far', 'open/many/manifests/v1');
    expect(index.headers.get('content-type')).toBe('application/vnd.oci.image.index.v1+json');
    expect(index.headers.get('docker-content-digest')).toBe(many.digest);
  });

  test('is for those only who have been given it, unless it is public', async () => {
    await toolSucceeds(push('app', 'closed/app:v1'), folder.path);
    expect((await get('far', 'closed/app/manifests/v1')).status).toBe(401);
    expect((await get('far', 'closed/none/manifests/v1')).status).toBe(401);
    const fields = { authorization: `Bearer ${token}` };
    expect((await get('far', 'closed/app/manifests/v1', { headers: fields })).status).toBe(200);
    const stranger = await tokenFor(network.node('origin'), 'eve', []);
    const hers = { headers: { authorization: `Bearer ${stranger.token}` } };
    expect((await get('far', 'closed/app/manifests/v1', hers)).status).toBe(403);
  });

  test('needs somebody who may push it', async () => {
    const anonymous = await runTool(
      skopeo('copy', '--dest-tls-verify=false', local('app'), at('near', 'open/stolen:v1')),
      folder.path,
    );
    expect(anonymous.code).not.toBe(0);
    expect((await get('near', 'open/stolen/tags/list')).status).toBe(404);
  });

  test('moves with its tag at every PoP, and not where the tag stays', async () => {
    await toolSucceeds(push('app', 'open/moving:latest'), folder.path);
    await toolSucceeds(push('app', 'open/moving:release-1'), folder.path);
    expect((await get('far', 'open/moving/manifests/latest')).headers.get('docker-content-digest')).toBe(
      app.digest,
    );
    await toolSucceeds(push('many', 'open/moving:latest'), folder.path);
    await eventually('the tag to move', async () => {
      const { headers } = await get('far', 'open/moving/manifests/latest');
      return headers.get('docker-content-digest') === many.digest;
    });
    const refused = await runTool(push('other', 'open/moving:release-1'), folder.path);
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain('denied: The tag release-1 stays what it is here');
    expect(await (await get('far', 'open/moving/tags/list')).json()).toEqual({
      name: 'open/moving',
      tags: ['latest', 'release-1'],
    });
  });

  test('is copied from one repository to another without sending its layers', async () => {
    await toolSucceeds(push('app', 'open/first:v1'), folder.path);
    const creds = ['--src-creds', `ci:${token}`, '--dest-creds', `ci:${token}`];
    const insecure = ['--src-tls-verify=false', '--dest-tls-verify=false'];
    const [from, to] = [at('near', 'open/first:v1'), at('near', 'open/second:v1')];
    const copied = skopeo('--debug', 'copy', ...insecure, ...creds, from, to);
    const { output } = await toolSucceeds(copied, folder.path);
    expect(output).toContain('/v2/open/second/blobs/uploads/?from=open%2Ffirst&mount=');
    // The configuration is no layer, and is sent.
    expect(output.match(/PATCH http/g)).toHaveLength(1);
    const { headers } = await get('far', 'open/second/manifests/v1');
    expect(headers.get('docker-content-digest')).toBe(app.digest);
  });

  for (const client of ['podman', 'buildah'] as const) {
    test.skipIf(Bun.which(client) === null)(
      `is pulled and pushed by ${client}`,
      async () => {
        const home = join(folder.path, client);
        mkdirSync(home);
        const storage = ['--root', join(home, 'root'), '--runroot', join(home, 'run')];
        const own = [client, ...storage, '--storage-driver', 'vfs'];
        const host = network.url('near').slice('http://'.length);
        await toolSucceeds([client, 'login', '--tls-verify=false', '-u', 'ci', '-p', token, host], home);
        writeImage(join(home, 'image'), 'v1', { layers: [emptyTar] });
        const to = `${host}/closed/${client}:v1`;
        const first = skopeo(
          'copy',
          '--dest-tls-verify=false',
          `oci:${join(home, 'image')}:v1`,
          `docker://${to}`,
        );
        await toolSucceeds(first, home);
        await toolSucceeds([...own, 'pull', '--tls-verify=false', to], home);
        const again = `docker://${host}/closed/${client}:again`;
        await toolSucceeds([...own, 'push', '--tls-verify=false', to, again], home);
        const configOf = async (tag: string) => {
          const fields = { headers: { authorization: `Bearer ${token}` } };
          const response = await get('far', `closed/${client}/manifests/${tag}`, fields);
          return ((await response.json()) as { config: { digest: string } }).config.digest;
        };
        expect(await configOf('again')).toBe(await configOf('v1'));
      },
      60_000,
    );
  }

  test('is gone everywhere once it is deleted', async () => {
    await toolSucceeds(push('app', 'open/gone:v1'), folder.path);
    expect((await get('far', 'open/gone/manifests/v1')).status).toBe(200);
    await toolSucceeds(
      skopeo('delete', '--tls-verify=false', '--creds', `ci:${token}`, at('near', 'open/gone:v1')),
      folder.path,
    );
    expect((await get('far', 'open/gone/manifests/v1')).status).toBe(404);
    expect((await get('far', `open/gone/manifests/${app.digest}`)).status).toBe(404);
  });
});
