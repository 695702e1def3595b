/**
 * Images that PoPs are told to have before anybody asks: pushed by skopeo at one PoP, or moved at an upstream, they are at the PoPs that the
 * config names, whole, when nobody behind those can be asked any more; and at no other.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { z } from 'zod';
import { oci } from '../../src/index.ts';
import {
  type ReplicaState,
  type ReplicationState,
  replicationState,
} from '../../src/messages/replication.ts';
import { tokenFor } from '../support/access.ts';
import { runTool, toolSucceeds } from '../support/container-client.ts';
import { openSigner, pushArtifact, simpleSigned } from '../support/cosign.ts';
import { type Image, random, writeImage } from '../support/image.ts';
import { eventually, runMeridian, startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { type OciRegistry, startOciRegistry } from '../support/oci-registry.ts';

const problem = Bun.which('skopeo') === null ? 'skopeo is not installed' : null;
const canRun = available('skopeo', problem);
const folder = temporary('oci-replication');
const layer = 2_000_000;
/** So that nodes that were stopped are soon asked again. */
const failover = { ejectS: '1s' } as const;
let registry: OciRegistry;
let network: TestNetwork;
let token: string;
let image: Image;
const release = openSigner('release');

beforeAll(async () => {
  if (!canRun) return;
  registry = await startOciRegistry();
  image = writeImage(join(folder.path, 'app'), 'v1', { layers: [random(layer), random(2_000)] });
  writeImage(join(folder.path, 'many'), 'v1', { platforms: ['amd64', 'arm64'] });
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'], failover },
      near: { role: 'pop', parents: ['shield'], failover, workers: 2, prefetch: { atOnce: 2 } },
      small: { role: 'pop', parents: ['shield'], failover, disk: { bytes: '3 MB', objectBytes: '3 MB' } },
      late: { role: 'pop', parents: ['shield'], failover },
      far: { role: 'pop', parents: ['shield'], failover },
    },
    routes: [
      oci({
        sources: [{ name: 'hub.example', url: registry.url }],
        hosted: { names: ['*'], public: ['open/*'] },
        metadata: { freshS: '1s' },
        policy: { signatures: [{ images: ['open/signed/*'], keys: [release] }] },
        replication: [
          {
            repositories: ['open/*', 'closed/*'],
            tags: ['v*'],
            platforms: ['linux/amd64'],
            to: ['near', 'late', 'sma*'],
          },
          { repositories: ['hub.example/team/*'], tags: ['latest'], to: ['near'], everyS: '1s' },
        ],
      }),
    ],
  });
  const all = { actions: ['read', 'publish', 'delete'], routes: ['oci'], subjects: ['*'] } as const;
  ({ token } = await tokenFor(network.node('origin'), 'ci', [all]));
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await registry?.off();
  folder[Symbol.dispose]();
}, 30_000);

const at = (pop: string, name: string) => `docker://${network.url(pop).slice('http://'.length)}/${name}`;
const creds = () => `ci:${token}`;

async function push(from: string, to: string): Promise<void> {
  const local = `oci:${join(folder.path, from)}:v1`;
  const words = ['--all', '--preserve-digests', '--dest-tls-verify=false', '--dest-creds', creds()];
  await toolSucceeds(['skopeo', 'copy', ...words, local, at('far', to)], folder.path);
}

function pull(pop: string, name: string, ...words: string[]) {
  const to = `oci:${join(folder.path, crypto.randomUUID())}:pulled`;
  return runTool(['skopeo', 'copy', '--src-tls-verify=false', ...words, at(pop, name), to], folder.path);
}

/** By the API: what nodes shall have of a repository. */
async function told(group: string): Promise<ReplicationState | undefined> {
  const all = z.array(replicationState).parse(await network.node('origin').api('GET', '/replication'));
  return all.find((each) => each.group === group);
}

/** How far a node is with it. */
async function replica(group: string, node: string): Promise<ReplicaState | undefined> {
  return (await told(group))?.nodes.find((each) => each.node === node);
}

const isWhole = (group: string, node: string) =>
  eventually(`${node} to have ${group}`, async () => (await replica(group, node))?.state === 'whole', {
    withinMs: 20_000,
  });

test.skipIf(!canRun)(
  'what is pushed is at the chosen PoPs alone, also at one that was away, when nobody behind them is there',
  async () => {
    await network.node('late').kill9();
    await push('app', 'open/app:v1');
    await push('app', 'closed/app:v1');
    await push('many', 'open/many:v1');
    await push('app', 'open/app:other');
    for (const name of ['open/app', 'closed/app', 'open/many']) await isWhole(name, 'near');
    expect((await replica('open/app', 'late'))?.present).toBe(0);
    await network.node('late').restart();
    for (const name of ['open/app', 'closed/app', 'open/many']) await isWhole(name, 'late');

    const { nodes = [], lists, items, bytes } = (await told('open/app')) ?? {};
    // The tag, its manifest, a config and two layers; of `other`, nothing.
    expect([lists, items]).toEqual([1, 5]);
    expect(bytes).toBeGreaterThan(layer + 2_000);
    expect(nodes.map(({ node }) => node).toSorted()).toEqual(['late', 'near', 'small']);

    const args = ['replication', '--node', 'near', '--config', network.configFile];
    const { stdout } = await runMeridian(args, { cwd: network.dir });
    expect(stdout).toMatch(/open\/app +1 +near +whole +5 of 5/);

    await Promise.all(['origin', 'shield'].map((name) => network.node(name).stop()));
    for (const pop of ['near', 'late']) {
      expect((await pull(pop, 'open/app:v1')).output).toContain('Storing signatures');
      const manifest = await fetch(`${network.url(pop)}/v2/open/app/manifests/v1`);
      expect(manifest.headers.get('docker-content-digest')).toBe(image.digest);
      for (const digest of image.layers) {
        const blob = await fetch(`${network.url(pop)}/v2/open/app/blobs/${digest}`);
        expect(`sha256:${new Bun.CryptoHasher('sha256').update(await blob.bytes()).digest('hex')}`).toBe(
          digest,
        );
      }
      // Of an index, the platform that was chosen.
      const amd64 = ['--override-arch', 'amd64', '--override-os', 'linux'];
      expect((await pull(pop, 'open/many:v1', ...amd64)).code).toBe(0);
      const arm64 = ['--override-arch', 'arm64', '--override-os', 'linux'];
      expect((await pull(pop, 'open/many:v1', ...arm64)).code).not.toBe(0);
      // What is not public is for those only who have been given it.
      expect((await fetch(`${network.url(pop)}/v2/closed/app/manifests/v1`)).status).toBe(401);
      const headers = { authorization: `Bearer ${token}` };
      expect((await fetch(`${network.url(pop)}/v2/closed/app/manifests/v1`, { headers })).status).toBe(200);
    }
    expect((await pull('far', 'open/app:v1')).code).not.toBe(0);
    await Promise.all(['origin', 'shield'].map((name) => network.node(name).restart()));
  },
  120_000,
);

test.skipIf(!canRun)(
  'a PoP takes no more of it than its share of the disk',
  async () => {
    await eventually(
      'the small one to say what it has',
      async () => ((await replica('open/app', 'small'))?.wanted ?? 0) > 0,
    );
    const own = await Promise.all(
      ['open/app', 'closed/app', 'open/many'].map((name) => replica(name, 'small')),
    );
    expect(own.some((each) => (each?.beyondBytes ?? 0) >= layer)).toBe(true);
    const { disk } = await network.node('small').status();
    expect(disk?.bytes ?? 0).toBeLessThan(layer);
  },
  60_000,
);

test.skipIf(!canRun)(
  'a tag that moves at an upstream moves at the chosen PoP, by itself',
  async () => {
    const first = registry.image('team/app', 'latest', [random(3_000)]);
    // Of a pattern, it takes in what somebody has asked for once.
    await eventually(
      'the nodes to find each other again',
      async () => {
        const asked = await fetch(`${network.url('far')}/v2/hub.example/team/app/manifests/latest`);
        return asked.headers.get('docker-content-digest') === first.digest;
      },
      { withinMs: 20_000 },
    );
    await isWhole('hub.example/team/app', 'near');
    const before = (await told('hub.example/team/app'))?.atMs ?? 0;
    const next = registry.image('team/app', 'latest', [random(4_000)]);
    const fetched = () => next.layers.map((digest) => registry.fetched(digest));
    await eventually(
      'the origin to see it move',
      async () => ((await told('hub.example/team/app'))?.atMs ?? 0) > before,
    );
    await isWhole('hub.example/team/app', 'near');
    await Promise.all(['origin', 'shield'].map((name) => network.node(name).stop()));
    const stale = await fetch(`${network.url('near')}/v2/hub.example/team/app/manifests/latest`);
    expect(stale.headers.get('docker-content-digest')).toBe(next.digest);
    for (const digest of [next.config, ...next.layers])
      expect((await fetch(`${network.url('near')}/v2/hub.example/team/app/blobs/${digest}`)).status).toBe(
        200,
      );
    await Promise.all(['origin', 'shield'].map((name) => network.node(name).restart()));
    expect(fetched()).toEqual([1]);
  },
  120_000,
);

test.skipIf(!canRun)(
  'what the policy refuses is at no PoP, which is said, and once it is signed it is',
  async () => {
    await push('app', 'open/signed/app:v1');
    await eventually(
      'the origin to say so',
      async () => ((await told('open/signed/app'))?.error ?? null) !== null,
    );
    const refused = await told('open/signed/app');
    expect(refused?.error).toContain('open/signed/app:v1 is refused by the policy of this registry');
    expect(refused?.items).toBe(0);
    expect(await replica('open/signed/app', 'near')).toMatchObject({
      state: 'failing',
      wanted: 0,
      error: null,
    });
    const here = { cwd: network.dir };
    const { stdout } = await runMeridian(['replication', '--config', network.configFile], here);
    expect(stdout).toMatch(
      /open\/signed\/app +1 +near +failing +0 of 0 +0 B +open\/signed\/app:v1 is refused/,
    );

    const repository = `${network.url('far')}/v2/open/signed/app`;
    const headers = { authorization: `Bearer ${token}` };
    await pushArtifact(repository, simpleSigned({ digest: image.digest }, release), headers);
    await isWhole('open/signed/app', 'near');
    expect((await told('open/signed/app'))?.error).toBeNull();
  },
  60_000,
);

test.skipIf(!canRun)(
  'a tag and a layer are explained, and so is what the policy refuses',
  async () => {
    await push('app', 'open/signed/other:v1');
    const explain = async (path: string) => {
      const args = [
        'explain',
        `${network.url('near')}/v2/${path}`,
        '--node',
        'near',
        '--config',
        network.configFile,
      ];
      const { code, stdout, stderr } = await runMeridian(args, { cwd: network.dir });
      expect([code, stderr]).toEqual([0, '']);
      return stdout;
    };
    const tag = await explain('closed/app/manifests/v1');
    expect(tag).toContain('kind:        tag\n');
    expect(tag).toContain('key:         oci tag/closed/app:v1\n');
    expect(tag).toContain('tags:        oci:closed/app oci:closed/app:v1\n');
    expect(tag).toMatch(/stored: .*for those only who have the right by name/);
    const [layer] = image.layers;
    const blob = await explain(`open/signed/app/blobs/${layer}`);
    expect(blob).toContain(`key:         oci blob/open/signed/app@${layer}\n`);
    expect(blob).toMatch(/^near.*: answers from its store: fresh/);
    // A refusal is kept for three seconds, as one.
    expect((await fetch(`${network.url('near')}/v2/open/signed/other/manifests/v1`)).status).toBe(403);
    expect(await explain('open/signed/other/manifests/v1')).toContain('stored:      status 403');
    const { stdout } = await runMeridian(
      ['policy', 'explain', 'oci:open/signed/other:v1', '--config', network.configFile],
      { cwd: network.dir },
    );
    expect(stdout).toContain('is not signed as it has to be: by the key release');
  },
  60_000,
);

test.skipIf(!canRun)(
  'what is deleted is wanted no more',
  async () => {
    const headers = { authorization: `Bearer ${token}` };
    const deleted = await fetch(`${network.url('far')}/v2/open/many/manifests/v1`, {
      method: 'DELETE',
      headers,
    });
    expect(deleted.status).toBe(202);
    await eventually('the list to go', async () => (await replica('open/many', 'near')) === undefined);
  },
  30_000,
);
