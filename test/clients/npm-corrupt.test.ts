/**
 * Upstream sends a tarball that is not what its integrity hash promises: the client gets an error, no tier keeps
 * a byte of it, and all is well as soon as upstream is.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { npm } from '../../src/index.ts';
import {
  eventually,
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

beforeAll(async () => {
  registry = await startRegistry({ careless: true });
  alpha = registry.publish('alpha', '1.0.0', { sizeBytes: 20_000 });
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

test.each([
  ['small enough for memory', () => alpha],
  ['that goes to disk while it streams', () => huge],
])(
  'a corrupt tarball %s is refused, kept nowhere, and installs once upstream is right',
  async (_, wanted) => {
    const published = wanted();
    registry.fault({ as: 'corrupt' }, ({ path }) => path.endsWith('.tgz'));
    const refused = await install(published.name);
    expect(refused.code, refused.output).not.toBe(0);
    expect(registry.count(published.path)).toBeGreaterThan(0);

    const answer = await getRaw(network.url('pop') + published.path);
    expect(answer?.status === 200 && answer.whole, 'the PoP gave a whole, wrong tarball').toBe(false);
    expect(await filesWith(corruptPart(published))).toEqual([]);

    registry.fault(null);
    // Bytes that were wrong are not asked for again at once: each tier remembers the failure for some seconds.
    await eventually(
      'the tarball to be asked for again',
      async () => (await install(published.name)).code === 0,
      {
        withinMs: 20_000,
        everyMs: 500,
      },
    );
    const healed = await fetch(network.url('pop') + published.path);
    expect(Buffer.compare(await healed.bytes(), published.bytes)).toBe(0);
  },
  60_000,
);

/** What only the corrupt tarball has: the bytes around its wrong bit. */
function corruptPart({ bytes }: Published): Buffer {
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
