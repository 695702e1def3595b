/**
 * One fill per key per tier, whoever is in a hurry: clients of every kind of protocol that come at the same time as what was foreseen of them, to two PoPs,
 * ask for what they do not want to have from a cache, look before they fetch, leave in the midst of it and come again. What never changes is fetched once.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { maven, npm, oci, pypi, web } from '../../src/index.ts';
import {
  eventually,
  noise,
  startNetwork,
  startRegistry,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { type MavenRepository, startMavenRepository } from '../support/maven-repository.ts';
import { type OciRegistry, startOciRegistry } from '../support/oci-registry.ts';
import { type PythonIndex, startPythonIndex } from '../support/python-index.ts';
import type { Registry } from '../support/registry.ts';

/** In every second one, clients insist. */
const rounds = 2;
const clients = 8;
const pops = ['near', 'far'] as const;

let repository: MavenRepository;
let registry: Registry;
let index: PythonIndex;
let images: OciRegistry;
let site: Upstream;
let network: TestNetwork;

beforeAll(async () => {
  [repository, registry, index, images, site] = await Promise.all([
    startMavenRepository(),
    startRegistry(),
    startPythonIndex(),
    startOciRegistry(),
    startUpstream(({ path }) => ({
      headers: { 'cache-control': 'max-age=3600, immutable', etag: `"${path}"`, 'content-type': 'image/png' },
      body: noise(path, 40_000),
    })),
  ]);
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      near: { role: 'pop', parents: ['shield'] },
      far: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      maven({ upstreams: [{ url: repository.url }] }),
      npm({ upstreams: [{ url: registry.url }], match: { path: '/npm' } }),
      pypi({ upstreams: [{ url: `${index.url}/simple` }], match: { path: '/pypi' } }),
      oci({ sources: [{ name: 'hub.example', url: images.url }], mirrors: 'hub.example' }),
      web({ upstream: site.url, match: { path: '/web' } }),
    ],
  });
  // Until it knows that it has missed no purge, a PoP has what it keeps confirmed.
  for (const pop of pops)
    await eventually(`${pop} to trust what it keeps`, async () => {
      await (await fetch(`${network.url(pop)}/web/first`)).bytes();
      const answer = await fetch(`${network.url(pop)}/web/first`, {
        headers: { 'cache-control': 'only-if-cached' },
      });
      await answer.bytes();
      return answer.status === 200;
    });
}, 60_000);

afterAll(async () => {
  await network?.stop();
  for (const each of [repository, registry, index, images, site]) await each?.off();
}, 30_000);

/** The same sequence for the same seed: xorshift32. */
function dice(seed: number): () => number {
  let state = seed * 2_654_435_761;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** What a client asks for, by address below a PoP, in order. */
interface Walk {
  readonly upstream: Upstream;
  readonly words: Readonly<Record<string, string>>;
  readonly targets: readonly string[];
  /** What addresses, here and at the upstream, mean for good. */
  readonly forGood: RegExp;
}

const large = 60_000;

function mavenWalk(round: number): Walk {
  const group = `org.round${round}`;
  const needs = ['twig', 'leaf'].map(
    (artifact) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>1</version></dependency>`,
  );
  const jar = noise(group, large);
  repository.deploy(group, 'tree', '1', { pom: `<dependencies>${needs.join('')}</dependencies>`, jar });
  for (const artifact of ['twig', 'leaf'])
    repository.deploy(group, artifact, '1', { jar: `${artifact}${jar}` });
  const all = ['tree', 'twig', 'leaf'];
  const at = (artifact: string, extension: string) =>
    `/maven/org/round${round}/${artifact}/1/${artifact}-1.${extension}`;
  return {
    upstream: repository,
    words: {
      'user-agent': 'Apache-Maven/3.8.7 (Java 17.0.15; Linux 6.1)',
      'accept-encoding': 'gzip,deflate',
    },
    targets: ['pom', 'jar'].flatMap((extension) =>
      all.flatMap((each) => [at(each, extension), at(each, `${extension}.sha1`)]),
    ),
    forGood: /./,
  };
}

function npmWalk(round: number): Walk {
  const names = ['leaf', 'twig', 'tree'].map((each) => `${each}${round}`);
  const paths = names.map((name, at) => {
    const needs = names.slice(Math.max(0, at - 1), at).map((each) => [each, '^1.0.0']);
    return registry.publish(name, '1.0.0', { dependencies: Object.fromEntries(needs), sizeBytes: large })
      .path;
  });
  return {
    upstream: registry,
    words: {
      'user-agent': 'npm/10.8.2 node/v20.19.2 linux x64 workspaces/false',
      accept: 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*',
    },
    targets: [...names.toReversed().map((name) => `/npm/${name}`), ...paths.map((path) => `/npm${path}`)],
    forGood: /\/-\//,
  };
}

function pypiWalk(round: number): Walk {
  const names = ['leaf', 'twig', 'tree'].map((each) => `${each}${round}`);
  const made = names.map((name, at) =>
    index.publish({
      ...{ name, version: '1.0', requires: names.slice(Math.max(0, at - 1), at) },
      description: noise(name, large),
    }),
  );
  return {
    upstream: index,
    words: { 'user-agent': 'pip/24.0 {"python":"3.12"}', accept: 'application/vnd.pypi.simple.v1+json' },
    targets: made
      .toReversed()
      .flatMap(({ name, file }) => [
        `/pypi/simple/${name}/`,
        `/pypi/files/${name}/${file}.metadata`,
        `/pypi/files/${name}/${file}`,
      ]),
    forGood: /\/files\//,
  };
}

function ociWalk(round: number): Walk {
  const name = `team/round${round}`;
  const layers = [1, 2, 3].map((each) => new TextEncoder().encode(noise(`${name} ${each}`, large)));
  const { digest, config, layers: blobs } = images.image(name, 'v1', layers);
  return {
    upstream: images,
    words: { 'user-agent': 'docker/27.3.1 go/go1.22.7 kernel/6.8.0 os/linux arch/amd64' },
    targets: [
      `/v2/${name}/manifests/v1`,
      `/v2/${name}/manifests/${digest}`,
      ...[config, ...blobs].map((each) => `/v2/${name}/blobs/${each}`),
    ],
    forGood: /sha256:/,
  };
}

function webWalk(round: number): Walk {
  return {
    upstream: site,
    words: { 'user-agent': 'Mozilla/5.0' },
    targets: [1, 2, 3, 4, 5].map((each) => `/web/${round}/${each}.png`),
    forGood: /./,
  };
}

/** What clients say of caches, with whatever they ask for: all that is known, older and newer ones of Maven. */
const manners: readonly Readonly<Record<string, string>>[] = [
  {},
  { 'cache-control': 'no-cache', pragma: 'no-cache' },
  { 'cache-control': 'no-cache, no-store', pragma: 'no-cache' },
];

async function run(walk: Walk, pop: string, said: Readonly<Record<string, string>>, roll: () => number) {
  const headers = { ...walk.words, ...said };
  await Bun.sleep(roll() * 150);
  for (const target of walk.targets) {
    const url = network.url(pop) + target;
    const turn = roll();
    if (turn < 0.15) await fetch(url, { method: 'HEAD', headers });
    if (turn > 0.85) {
      const leaving = new AbortController();
      const left = fetch(url, { headers, signal: leaving.signal }).then((answer) => answer.bytes());
      setTimeout(() => leaving.abort(), roll() * 120);
      await left.catch(() => {}); // as he means to
    }
    const answer = await fetch(url, { headers });
    await answer.bytes();
    if (answer.status !== 200) throw new Error(`${target}: ${answer.status}`);
  }
}

interface Request {
  readonly method: string;
  readonly target: string;
}

/** What was fetched more often than that. */
function oftener(than: number, requests: readonly Request[], which: RegExp): readonly string[] {
  const counts = new Map<string, number>();
  for (const { method, target } of requests)
    if (method === 'GET' && which.test(target)) counts.set(target, (counts.get(target) ?? 0) + 1);
  return [...counts].flatMap(([target, count]) => (count > than ? [`${count} ${target}`] : []));
}

const kinds = [
  ['Maven', mavenWalk],
  ['npm', npmWalk],
  ['PyPI', pypiWalk],
  ['images', ociWalk],
  ['a site', webWalk],
] as const;

test.each(kinds)(
  'of %s',
  async (kind, walkOf) => {
    for (let round = 0; round < rounds; round++) {
      const roll = dice(round + 1);
      const walk = walkOf(round);
      // What a site keeps at an address, it may change: there, what clients say counts.
      const insists = round % 2 === 1 && kind !== 'a site';
      const which = insists ? walk.forGood : /./;
      walk.upstream.forget();
      walk.upstream.fault({ as: 'slow', bytesPerSecond: 500_000, headMs: () => roll() * 120 });
      const seen = await network.during(async () => {
        const each = async (_: unknown, client: number) => {
          const said = (insists ? manners[Math.floor(roll() * manners.length)] : null) ?? {};
          await run(walk, pops[client % pops.length] ?? 'near', said, roll);
        };
        await Promise.all(Array.from({ length: clients }, each));
      });
      const asked = (node: string) => seen.asked(node).filter(({ target }) => walk.targets.includes(target));
      expect({
        ...{ round, upstream: oftener(1, walk.upstream.requests(), which) },
        ...{ origin: oftener(1, asked('origin'), which), shield: oftener(2, asked('shield'), which) },
      }).toEqual({ round, upstream: [], origin: [], shield: [] });
    }
  },
  60_000,
);
