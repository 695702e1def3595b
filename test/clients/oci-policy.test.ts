/**
 * A route for images with a policy as users meet it: skopeo and podman, two PoPs, a shield and an origin, images that live here and Debian's
 * own registry as upstream, signatures made and pushed as cosign does.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { oci } from '../../src/index.ts';
import { tokenFor } from '../support/access.ts';
import { runTool, toolSucceeds } from '../support/container-client.ts';
import {
  type Artifact,
  bundled,
  manifestType,
  openSigner,
  pushArtifact,
  simpleSigned,
} from '../support/cosign.ts';
import type { Daemon } from '../support/daemon.ts';
import { dockerRegistryProblem, startDockerRegistry } from '../support/docker-registry.ts';
import { type Image, random, writeImage } from '../support/image.ts';
import { eventually, runMeridian, startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';

const problem = dockerRegistryProblem ?? (Bun.which('skopeo') === null ? 'skopeo is not installed' : null);
const folder = temporary('oci-policy');

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

const nodes = {
  origin: { role: 'origin', store: {} },
  shield: { role: 'shield', parents: ['origin'] },
  near: { role: 'pop', parents: ['shield'] },
  far: { role: 'pop', parents: ['shield'] },
} as const;

describe.skipIf(!available('docker-registry and skopeo', problem))('an image', () => {
  const release = openSigner('release');
  const security = openSigner('security', 'rsa');
  const stranger = openSigner('stranger');
  let upstream: Daemon;
  let network: TestNetwork;
  let token: string;
  const images: Record<string, Image> = {};
  const shared = random(1000);

  const routes = (more: string[] = [], keys = [release]) => [
    oci({
      sources: [{ name: 'hub.example', url: `http://127.0.0.1:${upstream.port}`, namespace: 'library' }],
      hosted: { names: ['acme/*'], public: ['acme/*'] },
      metadata: { freshS: '5m', staleWhileRevalidateS: '1h' },
      policy: {
        blocked: ['hub.example/evil/*', 'hub.example/library/old:<2.0', layerOf('tainted'), ...more],
        allowed: ['hub.example/evil/but-needed:v1'],
        age: [
          { images: ['hub.example/dated/*'], since: 'created', exempt: ['hub.example/dated/urgent'] },
          { images: ['hub.example/seen/*'] },
        ],
        signatures: [
          {
            images: ['acme/signed/*', 'hub.example/signed/*'],
            keys: keys.map(({ name, pem }) => ({ name, pem })),
          },
          {
            images: ['acme/twice/*'],
            keys: [release, security].map(({ name, pem }) => ({ name, pem })),
            needed: 2,
          },
        ],
      },
    }),
  ];
  const layerOf = (name: string) => images[name]?.layers[0] ?? '';
  const digestOf = (name: string) => images[name]?.digest ?? '';

  beforeAll(async () => {
    upstream = await startDockerRegistry();
    images['tainted'] = write('tainted', { layers: [shared] });
    images['tainted-index'] = write('tainted-index', { layers: [shared, random(10)], platforms: ['amd64'] });
    for (const name of ['fine', 'other']) images[name] = write(name);
    images['many'] = write('many', { platforms: ['amd64', 'arm64'] });
    images['young'] = write('young', { created: daysAgo(1) });
    images['aged'] = write('aged', { created: daysAgo(30) });
    network = await startNetwork({ nodes, routes: routes() });
    const all = { actions: ['read', 'publish', 'delete'], routes: ['oci'], subjects: ['*'] } as const;
    ({ token } = await tokenFor(network.node('origin'), 'ci', [all]));
  }, 60_000);

  afterAll(async () => {
    await network?.stop();
    await upstream?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  }, 30_000);

  const write = (name: string, options = {}) => writeImage(join(folder.path, name), 'v1', options);
  const local = (name: string) => `oci:${join(folder.path, name)}:v1`;
  const at = (pop: string, name: string) => `docker://${network.url(pop).slice('http://'.length)}/${name}`;
  const copy = ['skopeo', 'copy', '--all', '--preserve-digests', '--dest-tls-verify=false'];
  const atUpstream = (from: string, to: string) =>
    toolSucceeds([...copy, local(from), `docker://127.0.0.1:${upstream.port}/${to}`], folder.path);
  const here = (from: string, to: string) =>
    toolSucceeds([...copy, '--dest-creds', `ci:${token}`, local(from), at('near', to)], folder.path);
  const pushed = (from: string, to: string) =>
    runTool([...copy, '--dest-creds', `ci:${token}`, local(from), at('near', to)], folder.path);
  /** All of an image, whatever a client would push of it. */
  const inLayout = (name: string): Artifact => {
    const blobs = join(folder.path, name, 'blobs', 'sha256');
    const bytesOf = (file: string) => new Uint8Array(readFileSync(join(blobs, file)));
    const digest = digestOf(name);
    const manifest = bytesOf(digest.slice('sha256:'.length));
    return { blobs: readdirSync(blobs).map(bytesOf), manifest, digest, tag: 'v1' };
  };
  const pull = (name: string, pop = 'near') =>
    runTool(
      ['skopeo', 'copy', '--all', '--src-tls-verify=false', at(pop, name)].concat(
        `oci:${join(folder.path, crypto.randomUUID())}:pulled`,
      ),
      folder.path,
    );
  const get = (path: string, pop = 'near', method = 'GET') =>
    fetch(`${network.url(pop)}/v2/${path}`, { method, redirect: 'manual' });
  const status = async (path: string, pop = 'near', method = 'GET') => {
    const answer = await get(path, pop, method);
    await answer.body?.cancel();
    return answer.status;
  };
  const refusal = async (path: string, pop = 'near') => {
    const answer = await get(path, pop);
    const { errors } = (await answer.json()) as { errors: { code: string; message: string }[] };
    return { status: answer.status, code: errors[0]?.code, message: errors[0]?.message ?? '' };
  };
  const credentials = () => ({ authorization: `Bearer ${token}` });
  const sign = (name: string, artifact: Artifact) =>
    pushArtifact(`${network.url('near')}/v2/${name}`, artifact, credentials());
  const subjectOf = (name: string) => ({ mediaType: manifestType, size: images[name]?.sizeBytes ?? 0 });
  const meridian = (...words: string[]) =>
    runMeridian([...words, '--config', network.configFile], { cwd: network.dir });

  const verdictOn = async (image: string) =>
    JSON.parse((await meridian('policy', 'explain', `oci:${image}`, '--json')).stdout).verdict;

  test('of a blocked repository is refused, and the client says why', async () => {
    await atUpstream('fine', 'evil/tool:v1');
    const { code, output } = await pull('hub.example/evil/tool:v1');
    expect(code).not.toBe(0);
    expect(output).toContain(
      'hub.example/evil/tool:v1 is refused by the policy of this registry (rule blocked): it is blocked (hub.example/evil/*)',
    );
    const by = ['manifests/v1', `manifests/${digestOf('fine')}`, `blobs/${layerOf('fine')}`];
    for (const path of by) {
      expect(await refusal(`hub.example/evil/tool/${path}`)).toMatchObject({ status: 403, code: 'DENIED' });
      expect(await status(`hub.example/evil/tool/${path}`, 'near', 'HEAD')).toBe(403);
    }
  }, 30_000);

  test('is shown to users of podman in the same words', async () => {
    const podman = ['podman', '--root', join(folder.path, 'root'), '--runroot', join(folder.path, 'run')];
    if (Bun.which('podman') === null) return;
    mkdirSync(join(folder.path, 'root'), { recursive: true });
    writeFileSync(join(folder.path, 'auth.json'), '{}');
    const name = at('near', 'hub.example/evil/tool:v1');
    const words = ['pull', '--tls-verify=false', name];
    const { code, output } = await runTool([...podman, '--storage-driver=vfs', ...words], folder.path);
    expect(code).not.toBe(0);
    expect(output).toContain('is refused by the policy of this registry (rule blocked)');
  }, 30_000);

  test('that is allowed by its tag can be pulled whole from a blocked repository, and no other', async () => {
    await atUpstream('many', 'evil/but-needed:v1');
    await atUpstream('other', 'evil/but-needed:v2');
    expect(await status(`hub.example/evil/but-needed/manifests/${digestOf('many')}`)).toBe(403);
    const { code, output } = await pull('hub.example/evil/but-needed:v1');
    expect({ code, output }).toMatchObject({ code: 0 });
    expect((await pull('hub.example/evil/but-needed:v2')).output).toContain('rule blocked');
    expect(await status(`hub.example/evil/but-needed/manifests/${digestOf('other')}`)).toBe(403);
  }, 30_000);

  test('is blocked by the version in its tag', async () => {
    await atUpstream('fine', 'library/old:1.9-slim');
    await atUpstream('fine', 'library/old:v2.1');
    expect(await status('hub.example/old/manifests/1.9-slim')).toBe(403);
    expect(await status('hub.example/old/manifests/v2.1')).toBe(200);
  }, 30_000);

  test('with a blocked layer is refused under every name, by digest, through an index, and here', async () => {
    await atUpstream('tainted', 'some/app:v1');
    await atUpstream('tainted-index', 'some/many:v1');
    // Clients that look for a layer before they push it stop there.
    expect((await pushed('tainted', 'acme/open/app:v1')).code).not.toBe(0);
    await pushArtifact(`${network.url('near')}/v2/acme/open/app`, inLayout('tainted'), credentials());
    expect((await pull('hub.example/some/app:v1')).output).toContain('is made of something that is blocked');
    const [inner = ''] = images['tainted-index']?.manifests ?? [];
    for (const path of [
      `hub.example/some/app/manifests/${digestOf('tainted')}`,
      `hub.example/some/app/blobs/${layerOf('tainted')}`,
      `hub.example/some/many/manifests/${inner}`,
      `acme/open/app/manifests/v1`,
      `acme/open/app/manifests/${digestOf('tainted')}`,
      `acme/open/app/blobs/${layerOf('tainted')}`,
    ]) {
      expect([path, await status(path)]).toEqual([path, 403]);
      expect([path, await status(path, 'near', 'HEAD')]).toEqual([path, 403]);
    }
  }, 30_000);

  test('has to be old enough, by the date that it gives, or by when it was seen', async () => {
    await atUpstream('young', 'dated/young:v1');
    await atUpstream('aged', 'dated/aged:v1');
    await atUpstream('fine', 'dated/none:v1');
    await atUpstream('young', 'dated/urgent:v1');
    await atUpstream('aged', 'seen/aged:v1');
    const young = await pull('hub.example/dated/young:v1');
    expect(young.output).toMatch(
      /\(rule age\): it was made \S+ \S+ UTC and has to be 7 days old, which it is from \S+ \S+ UTC/,
    );
    expect((await pull('hub.example/dated/aged:v1')).code).toBe(0);
    expect((await refusal('hub.example/dated/none/manifests/v1')).message).toContain(
      'does not say when it was made',
    );
    expect((await pull('hub.example/dated/urgent:v1')).code).toBe(0);
    expect((await refusal('hub.example/seen/aged/manifests/v1')).message).toContain('was first seen here');
  }, 30_000);

  test('that lives here is refused until it is signed by the right key, and then with all its platforms', async () => {
    await here('many', 'acme/signed/app:v1');
    const unsigned = await pull('acme/signed/app:v1');
    expect(unsigned.output).toContain(
      'acme/signed/app:v1 is refused by the policy of this registry (rule signatures): it is not signed as it has to be: by the key release. Have it signed',
    );
    const [child = ''] = images['many']?.manifests ?? [];
    expect(await status(`acme/signed/app/manifests/${child}`, 'far')).toBe(403);
    await sign('acme/signed/app', simpleSigned({ digest: digestOf('many') }, stranger));
    expect(await verdictOn('acme/signed/app:v1')).toBe('refused');
    const signature = simpleSigned({ digest: digestOf('many') }, stranger, release);
    await sign('acme/signed/app', signature);
    await eventually(
      'the image to be let through',
      async () => (await pull('acme/signed/app:v1')).code === 0,
    );
    await eventually('it elsewhere', async () => (await pull('acme/signed/app:v1', 'far')).code === 0);
    const digest = digestOf('many').replace(':', '-');
    expect(await status(`acme/signed/app/manifests/${digest}.sig`, 'far')).toBe(200);
    expect(await status(`acme/signed/app/manifests/${signature.digest}`, 'far')).toBe(200);
  }, 60_000);

  test('that is signed for something else is not signed', async () => {
    await here('other', 'acme/signed/other:v1');
    const wrong = simpleSigned({ digest: digestOf('fine') }, release);
    await sign('acme/signed/other', { ...wrong, tag: `${digestOf('other').replace(':', '-')}.sig` });
    expect(await verdictOn('acme/signed/other:v1')).toBe('refused');
    expect(await status('acme/signed/other/manifests/v1')).toBe(403);
  }, 30_000);

  test('may be signed by a bundle that refers to it, but not by any statement', async () => {
    await here('fine', 'acme/signed/fine:v1');
    const of = { digest: digestOf('fine'), refersTo: subjectOf('fine') };
    await sign('acme/signed/fine', bundled(of, release, 'https://slsa.dev/provenance/v1'));
    expect(await verdictOn('acme/signed/fine:v1')).toBe('refused');
    await sign('acme/signed/fine', bundled(of, release));
    await eventually('it to be let through', async () => (await pull('acme/signed/fine:v1')).code === 0);
  }, 30_000);

  test('may need the signatures of two keys', async () => {
    await here('fine', 'acme/twice/fine:v1');
    const of = { digest: digestOf('fine') };
    await sign('acme/twice/fine', simpleSigned(of, release));
    await eventually('the one signature to be seen', async () => {
      const { message } = await refusal('acme/twice/fine/manifests/v1');
      return message.includes('by all of these keys: release, security, and is by release alone');
    });
    await sign('acme/twice/fine', simpleSigned({ ...of, refersTo: subjectOf('fine') }, security));
    await eventually('it to be let through', async () => (await pull('acme/twice/fine:v1')).code === 0);
  }, 30_000);

  test('that is not signed any more is refused at every PoP', async () => {
    await here('aged', 'acme/signed/gone:v1');
    const signature = simpleSigned({ digest: digestOf('aged') }, release);
    await sign('acme/signed/gone', signature);
    await eventually(
      'it to be let through',
      async () => (await pull('acme/signed/gone:v1', 'far')).code === 0,
    );
    const gone = await fetch(`${network.url('near')}/v2/acme/signed/gone/manifests/${signature.digest}`, {
      method: 'DELETE',
      headers: credentials(),
    });
    expect(gone.status).toBe(202);
    for (const path of ['v1', digestOf('aged')])
      await eventually(
        `${path} to be refused`,
        async () => (await status(`acme/signed/gone/manifests/${path}`, 'far')) === 403,
      );
  }, 30_000);

  test('of an upstream is refused until it is signed there', async () => {
    await atUpstream('many', 'signed/app:v1');
    expect((await pull('hub.example/signed/app:v1')).output).toContain('rule signatures');
    await pushArtifact(
      `http://127.0.0.1:${upstream.port}/v2/signed/app`,
      simpleSigned({ digest: digestOf('many') }, release),
    );
    await eventually(
      'it to be let through',
      async () => (await pull('hub.example/signed/app:v1')).code === 0,
    );
  }, 30_000);

  test('is explained rule by rule, and what was refused is listed', async () => {
    const { stdout } = await meridian('policy', 'explain', 'oci:hub.example/some/app:v1');
    expect(stdout).toMatch(/REFUSE\s+blocked\s+is made of something that is blocked/);
    const signed = JSON.parse(
      (await meridian('policy', 'explain', 'oci:acme/signed/app:v1', '--json')).stdout,
    );
    expect(signed).toMatchObject({
      verdict: 'allowed',
      rules: [
        { rule: 'blocked', passes: true },
        { rule: 'signatures', passes: true, why: 'is signed by the key release' },
      ],
    });
    const list = await meridian('policy', 'list', 'oci');
    expect(list.stdout).toContain('what may be used is signed by the key release');
    expect(list.stdout).toContain('hub.example/evil/tool:v1');
  }, 30_000);

  test('that PoPs hold in memory is refused within a second of a change of the policy', async () => {
    await atUpstream('other', 'later/app:v1');
    const paths = ['v1', digestOf('other')].map((by) => `hub.example/later/app/manifests/${by}`);
    const all = [...paths, `hub.example/later/app/blobs/${layerOf('other')}`];
    for (const pop of ['near', 'far'])
      for (const path of [...all, ...all]) expect([path, await status(path, pop)]).toEqual([path, 200]);
    expect((await get(all[0] ?? '')).headers.get('cache-status')).toContain('hit');
    network.rewrite({ nodes, routes: routes(['hub.example/later/*'], [security]) });
    expect((await meridian('reload')).code).toBe(0);
    for (const pop of ['near', 'far'])
      for (const path of all)
        await eventually(`${path} to be refused by ${pop}`, async () => (await status(path, pop)) === 403);
    // And another key is asked for: what the old one has signed counts no more.
    for (const pop of ['near', 'far'])
      expect(await status(`acme/signed/app/manifests/${digestOf('many')}`, pop)).toBe(403);
    expect(await status('hub.example/dated/aged/manifests/v1')).toBe(200);
  }, 30_000);
});
