/**
 * A thousand nodes pull one cold image at the same moment, through two PoPs of two workers each, a shield and an origin. Each manifest and
 * each blob is fetched from the upstream once, every node gets every byte, and nobody waits for the end of a layer to see its beginning.
 * Those who leave stop nothing, and those who come back go on where they were.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { oci } from '../../src/index.ts';
import { random } from '../support/image.ts';
import { countsMemory, eventually, startNetwork, type TestNetwork, within } from '../support/index.ts';
import { digestOf, type OciRegistry, startOciRegistry } from '../support/oci-registry.ts';
import { memoryOf, resetPeakOf } from '../support/process.ts';
import { childrenOf } from '../support/process-tree.ts';
import { startCrowd } from './start-crowd.ts';

const pullers = 1_000;
const layers = 8;
const layerBytes = 600_000;
/** Of each layer, so that they come while they are being pulled. */
const slow = { as: 'slow', bytesPerSecond: 600_000 } as const;
/** Of a PoP’s three processes, with half of the crowd each: what all of them are owed at most. The others have no more than the fills. */
const growthLimits = { origin: 100, shield: 100, 'pop-a': 600, 'pop-b': 600 } as const;

const tiers = ['origin', 'shield', 'pop-a', 'pop-b'] as const;
let registry: OciRegistry;
let network: TestNetwork;

beforeAll(async () => {
  registry = await startOciRegistry();
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      'pop-a': { role: 'pop', parents: ['shield'], workers: 2 },
      'pop-b': { role: 'pop', parents: ['shield'], workers: 2 },
    },
    routes: [oci({ sources: [{ name: 'hub.example', url: registry.url }] })],
  });
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await registry?.off();
}, 30_000);

beforeEach(() => {
  registry.fault(null);
  registry.forget();
});

const isBlob = ({ path }: { readonly path: string }) => path.includes('/blobs/');
const base = '/v2/hub.example/team';
const at = (pop: string, path: string) => `${network.url(pop)}${base}/${path}`;

const processesOf = (name: string) => {
  const { pid } = network.node(name).process;
  return [pid, ...childrenOf(pid)];
};

/** Peak of the resident memory of all of a node's processes, bytes. */
function peakOf(name: string): number {
  if (!countsMemory) return 0;
  return processesOf(name).reduce((sum, pid) => sum + memoryOf(pid).peakBytes, 0);
}

test(`${pullers} nodes pull one cold image, and each of its parts is fetched once`, async () => {
  registry.image('warm', 'v1', [random(1_000)]);
  for (const pop of ['pop-a', 'pop-b'])
    expect((await fetch(`${network.url(pop)}/v2/hub.example/warm/manifests/v1`)).status).toBe(200);
  const bodies = Array.from({ length: layers }, () => random(layerBytes));
  const image = registry.image('team/app', 'v1', bodies);
  registry.fault(slow, isBlob);
  if (countsMemory) for (const pid of tiers.flatMap(processesOf)) resetPeakOf(pid);
  const before = new Map(tiers.map((name) => [name, peakOf(name)]));

  const manifest = await (await fetch(`${registry.url}/v2/team/app/manifests/v1`)).bytes();
  const config = await (await fetch(`${registry.url}/v2/team/app/blobs/${image.config}`)).bytes();
  registry.forget();
  const blobs = {
    [image.config]: config,
    ...Object.fromEntries(bodies.map((each) => [digestOf(each), each])),
  };
  const others = Object.fromEntries(
    Object.entries(blobs).map(([digest, bytes]) => [`${base}/app/blobs/${digest}`, bytes]),
  );
  const urls = ['pop-a', 'pop-b'].map((pop) => at(pop, 'app/manifests/v1'));
  const report = await startCrowd(urls, pullers, manifest, network.dir, others).report;

  expect(report.wrong).toEqual({});
  expect(report.right).toBe(pullers);
  const fetched = [image.digest, image.config, ...image.layers].map((digest) => registry.fetched(digest));
  expect(fetched).toEqual(fetched.map(() => 1));
  // And the tag was asked about once, by HEAD.
  expect(
    registry
      .requests()
      .filter(({ path }) => path.endsWith('/v1'))
      .map(({ method }) => method),
  ).toEqual(['HEAD']);

  const growth = tiers.map((name) => [name, peakOf(name) - (before.get(name) ?? 0)] as const);
  const mib = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
  console.log(
    `all done after ${Math.round(report.doneMs)} ms;`,
    `growth: ${growth.map(([name, bytes]) => `${name} ${mib(bytes)}`).join(', ')}`,
  );
  if (!countsMemory) return;
  for (const [name, bytes] of growth)
    expect(bytes / 2 ** 20, `MiB that ${name} grew by`).toBeLessThan(growthLimits[name]);
}, 120_000);

test('a layer is seen at every PoP long before its end has come', async () => {
  const body = random(2_000_000);
  const digest = registry.blob(body);
  // Which takes five seconds.
  registry.fault({ as: 'slow', bytesPerSecond: 400_000 }, isBlob);
  const leaving = new AbortController();
  const startedMs = performance.now();
  const beginnings = Promise.all(
    ['pop-a', 'pop-b'].map(async (pop) => {
      const answer = await fetch(at(pop, `slowly/blobs/${digest}`), { signal: leaving.signal });
      return readSome(answer, 100_000);
    }),
  );
  const begun = await beginnings.finally(() => leaving.abort());
  for (const bytes of begun) expect(digestOf(body.subarray(0, bytes.length))).toBe(digestOf(bytes));
  expect(performance.now() - startedMs).toBeLessThan(4_000);
  expect(registry.fetched(digest)).toBe(1);
}, 30_000);

test('those who leave stop nothing for those who stay, and one who comes back has the rest', async () => {
  const body = random(3_000_000);
  const digest = registry.blob(body);
  registry.fault({ as: 'slow', bytesPerSecond: 2_000_000 }, isBlob);
  const url = (pop: string) => at(pop, `left/blobs/${digest}`);
  const leaving = new AbortController();
  const first = await fetch(url('pop-a'), { signal: leaving.signal });
  const staying = fetch(url('pop-b')).then((answer) => answer.bytes());
  const others = Array.from({ length: 20 }, (_, nth) =>
    fetch(url(nth % 2 === 0 ? 'pop-a' : 'pop-b'), { signal: leaving.signal }),
  );
  const begun = await readSome(first, 500_000);
  await Promise.all(others);
  leaving.abort();
  // While the rest is still on its way.
  const range = { range: `bytes=${begun.length}-` };
  const rest = await fetch(url('pop-a'), { headers: range });
  expect([rest.status, rest.headers.get('content-range')]).toEqual([
    206,
    `bytes ${begun.length}-${body.length - 1}/${body.length}`,
  ]);
  expect(digestOf(Buffer.concat([begun, await rest.bytes()]))).toBe(digest);
  expect(digestOf(await staying)).toBe(digest);
  // And once all of it is there.
  const later = await fetch(url('pop-b'), { headers: range });
  expect(digestOf(Buffer.concat([begun, await later.bytes()]))).toBe(digest);
  expect(registry.fetched(digest)).toBe(1);
}, 30_000);

test('a layer that everybody has left comes to its end, or is taken up again', async () => {
  const body = random(1_500_000);
  const digest = registry.blob(body);
  registry.fault({ as: 'slow', bytesPerSecond: 3_000_000 }, isBlob);
  const url = at('pop-a', `alone/blobs/${digest}`);
  const leaving = new AbortController();
  await readSome(await fetch(url, { signal: leaving.signal }), 100_000);
  leaving.abort();
  await eventually('the fill to be over', async () => {
    const states = await Promise.all(tiers.map((name) => network.node(name).status()));
    return states.flat().every(({ fills }) => fills === 0);
  });
  expect(digestOf(await (await fetch(url)).bytes())).toBe(digest);
  expect(registry.fetched(digest)).toBe(1);
}, 30_000);

/** The beginning of a body, of so many bytes at least. */
async function readSome(answer: Response, bytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const reader = answer.body?.getReader();
  for (let size = 0; reader && size < bytes; ) {
    const { done, value } = await within(20_000, 'bytes of a layer', reader.read());
    if (done) break;
    pieces.push(value);
    size += value.length;
  }
  return Buffer.concat(pieces);
}
