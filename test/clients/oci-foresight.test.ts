/**
 * What is foreseen of clients for containers, held against what they really ask for: skopeo, podman and buildah pull through a PoP, and what
 * is said to follow each of their requests for a manifest is compared with the requests that did.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { oci } from '../../src/index.ts';
import type { Ask } from '../../src/parent.ts';
import type { OriginDoor, Protocol } from '../../src/protocol.ts';
import { oci as protocolOf } from '../../src/protocols/oci/oci.ts';
import type { Asked } from '../support/access-log.ts';
import { exchange } from '../support/builders.ts';
import { toolSucceeds } from '../support/container-client.ts';
import { startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { digestOf, type OciRegistry, startOciRegistry } from '../support/oci-registry.ts';

const problem = Bun.which('skopeo') === null ? 'skopeo is not installed' : null;
const folder = temporary('oci-next');
const [imageType, indexType] = ['manifest', 'index'].map(
  (word) => `application/vnd.oci.image.${word}.v1+json`,
);

describe.skipIf(!available('skopeo', problem))('what is foreseen', () => {
  let registry: OciRegistry;
  let network: TestNetwork;
  let protocol: Protocol;
  let homes = 0;

  beforeAll(async () => {
    registry = await startOciRegistry();
    const source = { name: 'hub.example', url: registry.url };
    putIndex('team/many');
    putImage('team/one', 'v1', 'amd64', 5);
    network = await startNetwork({
      nodes: { origin: { role: 'origin' }, pop: { role: 'pop', parents: ['origin'] } },
      routes: [oci({ sources: [source], metadata: { freshS: '1h' } })],
    });
    protocol = protocolOf(
      {
        sources: [source],
        ...{ mirrors: null, hosted: null, replication: [], metadata: { freshS: 3600 } },
        ahead: { atOnce: 0, largestBytes: 0 },
      },
      { route: 'oci', prefix: '', role: 'origin' },
    );
  }, 60_000);

  afterAll(async () => {
    protocol?.close?.();
    await network?.stop();
    await registry?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  }, 30_000);

  /** @param layers each an archive of nothing, and no two alike. */
  function putImage(name: string, tag: string | null, architecture: string, layers: number) {
    const archives = Array.from({ length: layers }, (_, at) => new Uint8Array(10_240 * (at + 1)));
    const rootfs = { type: 'layers', diff_ids: archives.map(digestOf) };
    const described = (mediaType: string, bytes: Uint8Array) => ({
      ...{ mediaType, digest: registry.blob(bytes), size: bytes.byteLength },
    });
    const config = json({ architecture, os: 'linux', config: { Labels: { name } }, rootfs });
    const manifest = json({
      ...{ schemaVersion: 2, mediaType: imageType },
      config: described('application/vnd.oci.image.config.v1+json', config),
      layers: archives.map((bytes) => described('application/vnd.oci.image.layer.v1.tar', bytes)),
    });
    const digest = registry.manifest(name, tag, manifest);
    return { mediaType: imageType, digest, size: manifest.byteLength };
  }

  /** As BuildKit pushes it: two platforms, and an attestation for each. */
  function putIndex(name: string) {
    const images = ['arm64', 'amd64'].map((architecture, at) => ({
      ...putImage(name, null, architecture, 3 + at),
      platform: { os: 'linux', architecture },
    }));
    const attestations = images.map(({ digest }, at) => ({
      ...putImage(name, null, 'unknown', 6 + at),
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: {
        'vnd.docker.reference.type': 'attestation-manifest',
        'vnd.docker.reference.digest': digest,
      },
    }));
    const index = { schemaVersion: 2, mediaType: indexType, manifests: [...images, ...attestations] };
    registry.manifest(name, 'v1', json(index), indexType);
  }

  /** What is said to follow a request, by the origin's own way of finding out, over what the network answers. */
  async function foreseenOf({ method, target, userAgent = '' }: Asked): Promise<readonly string[]> {
    const asked = exchange({ method, target, headers: new Headers({ 'user-agent': userAgent }) });
    const { foresight } = protocol;
    const question = foresight?.clue(protocol.name(asked), asked, { asked: () => 0 })?.question;
    if (foresight === undefined || question == null) return [];
    const door = {
      async read(_: unknown, { exchange: { target } }: Ask) {
        const answer = await fetch(network.url('pop') + target);
        return { status: answer.status, headers: answer.headers, bytes: await answer.bytes() };
      },
    } as unknown as OriginDoor;
    const ask = { exchange: exchange({ target: '/.meridian/ahead/oci' }) } as Ask;
    return (await foresight.foresee(question, { ask, door })).foreseen.map((each) => each.target);
  }

  async function judged(command: readonly string[]) {
    const seen = await network.during(() => toolSucceeds(command, folder.path));
    const [first, ...others] = seen.asked('pop').filter(({ kind }) => kind !== 'base');
    if (first === undefined) throw new Error(`${command[0]} has asked for nothing`);
    const later = others.map(({ target }) => target);
    const foreseen = await foreseenOf(first);
    const byDigest = others.find(({ kind }) => kind === 'manifest') ?? null;
    return { later, foreseen, afterManifest: byDigest && (await foreseenOf(byDigest)) };
  }

  const image = (name: string) => `${network.url('pop').slice('http://'.length)}/hub.example/${name}`;
  const skopeo = (name: string) => [
    ...['skopeo', 'copy', '--src-tls-verify=false', `docker://${image(name)}`],
    `oci:${join(folder.path, crypto.randomUUID())}:pulled`,
  ];
  function storage(client: string): readonly string[] {
    // Podman takes no longer path than 50 characters.
    const home = join(folder.path, String(homes++));
    mkdirSync(home);
    const at = ['--root', join(home, 'root'), '--runroot', join(home, 'run'), '--storage-driver', 'vfs'];
    return [client, ...at, 'pull', '--tls-verify=false'];
  }
  const sorted = (all: readonly string[]) => [...new Set(all)].sort();

  test('of skopeo, which copies an image, is what it asks for, and nothing else', async () => {
    for (const name of ['team/one:v1', 'team/many:v1']) {
      const { later, foreseen } = await judged(skopeo(name));
      expect(later.length).toBeGreaterThan(4);
      expect(sorted(foreseen)).toEqual(sorted(later));
    }
  });

  for (const client of ['podman', 'buildah'])
    test.skipIf(Bun.which(client) === null)(
      `of ${client}, which pulls one, is what it asks for, and nothing else`,
      async () => {
        await Bun.write(join(folder.path, 'auth.json'), '{}');
        for (const name of ['team/one:v1', 'team/many:v1']) {
          const { later, foreseen } = await judged([...storage(client), image(name)]);
          expect(later.length).toBeGreaterThan(4);
          expect(sorted(foreseen)).toEqual(sorted(later));
        }
      },
      60_000,
    );

  test.skipIf(Bun.which('podman') === null)(
    'of who takes another platform than most, is right from his second request on',
    async () => {
      const pull = [...storage('podman'), '--arch', 'arm64', image('team/many:v1')];
      const { later, afterManifest } = await judged(pull);
      const blobs = later.filter((target) => target.includes('/blobs/'));
      expect(blobs).toHaveLength(4);
      expect(sorted(afterManifest ?? [])).toEqual(sorted(blobs));
    },
    60_000,
  );
});

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
