/**
 * Upstream sends a tarball that is not what its integrity hash promises, or not all of it: the client gets an error,
 * no tier keeps a byte, and all is well as soon as upstream is.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { npm } from '../../src/index.ts';
import {
  eventually,
  type Fault,
  type Published,
  type Registry,
  runClient,
  startNetwork,
  startRegistry,
  type TestNetwork,
  temporary,
} from '../support/index.ts';
import { getRaw } from '../support/raw-client.ts';
import { project } from './project.ts';

const folder = temporary('corrupt');
const tiers = ['origin', 'shield', 'pop'];
let registry: Registry;
let network: TestNetwork;
let alpha: Published;
let huge: Published;
let gamma: Published;

beforeAll(async () => {
  registry = await startRegistry({ careless: true });
  alpha = registry.publish('alpha', '1.0.0', { sizeBytes: 20_000 });
  gamma = registry.publish('gamma', '1.0.0', { sizeBytes: 40_000 });
  huge = registry.publish('huge', '1.0.0', { sizeBytes: 12_000_000 });
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'] },
    },
    routes: [npm({ upstreams: [{ url: registry.url }] })],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await registry?.off();
  folder[Symbol.dispose]();
});

function install(name: string) {
  const where = project(join(folder.path, crypto.randomUUID()), { [name]: '1.0.0' });
  const home = join(folder.path, crypto.randomUUID());
  const args = ['install', '--fetch-retries=0'];
  return runClient('npm', args, { registry: network.url('pop'), project: where, home });
}

interface Case {
  readonly what: string;
  readonly published: () => Published;
  readonly fault: Fault;
  /** Bytes of what upstream sends, to look for on disk. */
  readonly part: (published: Published) => Buffer;
}

const cases: readonly Case[] = [
  {
    what: 'with a wrong bit, small enough for memory,',
    published: () => alpha,
    fault: { as: 'corrupt' },
    part: aroundWrongBit,
  },
  {
    what: 'with a wrong bit, so large that it goes to disk while it streams,',
    published: () => huge,
    fault: { as: 'corrupt' },
    part: aroundWrongBit,
  },
  {
    what: 'that is cut short',
    published: () => gamma,
    fault: { as: 'cut', afterBytes: 10_000 },
    part: ({ bytes }) => Buffer.from(bytes.subarray(5_000, 5_032)),
  },
];

for (const { what, published: wanted, fault, part } of cases) {
  test(`a tarball ${what} is refused, kept nowhere, and installs once upstream is right`, async () => {
    const published = wanted();
    registry.fault(fault, ({ path }) => path.endsWith('.tgz'));
    const refused = await install(published.name);
    expect(refused.code, refused.output).not.toBe(0);
    expect(registry.count(published.path)).toBeGreaterThan(0);

    const answer = await getRaw(network.url('pop') + published.path);
    expect(answer?.status === 200 && answer.whole, 'the PoP gave a whole, wrong tarball').toBe(false);
    expect(await filesWith(part(published))).toEqual([]);

    registry.fault(null);
    // Bytes that were wrong are not asked for again at once: each tier remembers the failure for some seconds.
    await eventually('the install to work', async () => (await install(published.name)).code === 0, {
      withinMs: 20_000,
      everyMs: 500,
    });
    const healed = await fetch(network.url('pop') + published.path);
    expect(Buffer.compare(await healed.bytes(), published.bytes)).toBe(0);
    // The search above can find something: what is right is kept.
    const start = Buffer.from(published.bytes.subarray(5_000, 5_032));
    await eventually('the tarball to be on disk', async () => (await filesWith(start)).length > 0);
  }, 60_000);
}

/** What only the corrupt tarball has: the bytes around its wrong bit. */
function aroundWrongBit({ bytes }: Published): Buffer {
  const middle = bytes.length >> 1;
  const part = Buffer.from(bytes.subarray(middle - 16, middle + 16));
  part[16] = (part[16] ?? 0) ^ 1;
  return part;
}

/** Files below the data folders of all tiers that hold these bytes. */
async function filesWith(part: Buffer): Promise<string[]> {
  const found: string[] = [];
  for (const tier of tiers) {
    const data = join(network.dir, 'data', tier);
    for await (const name of new Bun.Glob('**/*').scan({ cwd: data, onlyFiles: true, dot: true })) {
      const bytes = Buffer.from(await Bun.file(join(data, name)).bytes());
      if (bytes.includes(part)) found.push(`${tier}/${name}`);
    }
  }
  return found;
}
