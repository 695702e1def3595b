/**
 * kill -9 of an origin, of the PoP that is published through, and of both, while files are put, replaced and deleted, again and again: what was
 * acknowledged is there byte for byte at every PoP, what was not is as it was before or as it was asked for, as a whole. In the end the sums are
 * right, and nothing lies about that nothing refers to.
 *
 * 8 kills in CI, fewer elsewhere; `MERIDIAN_KILLS=1000` for a night.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileTree } from '../../src/index.ts';
import type { Document, DocumentKey } from '../../src/store.ts';
import { openEngines } from '../faults/engines.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { eventually, runMeridian, startNetwork, type TestNetwork } from '../support/index.ts';
import { type Content, TreeWriter } from '../support/tree-writer.ts';

const kills = Number(process.env.MERIDIAN_KILLS ?? (process.env.CI === 'true' ? 8 : 5));
/** Whose turn it is to be killed. */
const victims = [['origin'], ['near'], ['origin'], ['origin', 'near']] as const;

let network: TestNetwork;
let writers: readonly TreeWriter[];

beforeAll(async () => {
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      near: { role: 'pop', parents: ['origin'] },
      far: { role: 'pop', parents: ['origin'] },
    },
    routes: [fileTree({ upstreams: [], hosted: { names: ['*'], public: ['*'] } })],
  });
  const all = { actions: ['read', 'publish', 'delete'], routes: ['files'], subjects: ['*'] } as const;
  const { token } = await tokenFor(network.node('origin'), 'ci', [all]);
  const send = async (method: string, path: string, body: Uint8Array<ArrayBuffer> | null) => {
    const answer = await fetch(`${network.url('near')}/files/${path}`, {
      method,
      body,
      headers: bearer(token),
    });
    await answer.text();
    return answer;
  };
  writers = ['a/', 'b/', 'c/'].map((folder) => new TreeWriter(folder, send));
}, 60_000);

afterAll(async () => {
  await network?.stop();
}, 30_000);

async function contentAt(pop: string, path: string): Promise<Content> {
  const answer = await fetch(`${network.url(pop)}/files/${path}`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (answer.status === 404) return null;
  expect([pop, path, answer.status]).toEqual([pop, path, 200]);
  return bytes;
}

const isSame = (one: Content, other: Content) =>
  one === null || other === null ? one === other : Buffer.compare(one, other) === 0;

async function expectHeld(writer: TreeWriter, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const content = await eventually(`the PoPs to say the same of ${path}`, async () => {
      const [near, far] = await Promise.all([contentAt('near', path), contentAt('far', path)]);
      return isSame(near, far) && { near };
    });
    const isRight = writer.possible(path).some((each) => isSame(each, content.near));
    expect([path, content.near === null ? 'gone' : 'there', isRight]).toEqual([
      path,
      expect.any(String),
      true,
    ]);
    writer.settle(path, content.near);
  }
}

async function meridian(...words: string[]) {
  const ran = await runMeridian([...words, '--config', network.configFile], { cwd: network.dir });
  return { code: ran.code, out: ran.stdout.trim(), said: ran.stderr };
}

test(
  `${kills} kills lose no file that was acknowledged, and leave no half of one`,
  async () => {
    for (let round = 1; round <= kills; round++) {
      let isOver = false;
      for (const writer of writers) writer.begin();
      const load = Promise.all(writers.map((writer) => writer.writeUntil(() => isOver)));
      // For two seconds after its start, an origin waits longer for those whom it tells: some kills come after that is over.
      await Bun.sleep((round % 4 === 2 ? 2_200 : 300) + ((round * 7919) % 500));
      const killed = victims[round % victims.length] ?? [];
      await Promise.all(killed.map((name) => network.node(name).kill9()));
      isOver = true;
      await load;
      await Promise.all(killed.map((name) => network.node(name).restart()));
      for (const writer of writers) await expectHeld(writer, writer.touched());
    }
    for (const writer of writers) await expectHeld(writer, writer.paths().slice(-100));
    const counts = writers.map((writer) => writer.counts);
    for (const what of ['put', 'replaced', 'deleted', 'interrupted'] as const)
      expect([what, counts.some((each) => each[what] > 0)]).toEqual([what, true]);
  },
  60_000 + kills * 15_000,
);

test('the sums are right after it', async () => {
  const recount = await meridian('storage', '--recount');
  expect([recount.code, recount.said]).toEqual([0, '']);
  expect(recount.out).toContain('corrected 0');
  const there = writers.flatMap((writer) =>
    writer.paths().flatMap((path) => writer.possible(path).filter((each) => each !== null)),
  );
  const overview = JSON.parse((await meridian('storage', '--json')).out);
  const hosted = overview.routes.find(({ kept }: { kept: string }) => kept === 'hosted');
  const bytes = there.reduce((sum, each) => sum + each.byteLength, 0);
  expect([hosted.versions, hosted.bytes]).toEqual([there.length, bytes]);
}, 30_000);

/** What a publication that was killed still held, counts as held for too long. */
async function agePins(): Promise<void> {
  const { metadata, close } = await openEngines({ folder: join(network.dir, 'data', 'origin') });
  for (let after: DocumentKey | undefined; ; ) {
    const page: readonly Document[] = await metadata.scan(['blob'], after ? { after } : {});
    const pins = page.filter(({ key }) => key[3] === 'pin');
    await metadata.transact(async (transaction) => {
      for (const { key } of pins) await transaction.put(key, { sinceMs: 0 });
    });
    after = page.at(-1)?.key;
    if (after === undefined) break;
  }
  await close();
}

test('a collection takes what nothing refers to, and nothing else', async () => {
  const store = join(network.dir, 'data', 'origin', 'blobs');
  await network.node('origin').kill9();
  await agePins();
  // Everything counts as old.
  const past = new Date(Date.now() - 48 * 3_600_000);
  for (const name of readdirSync(store, { recursive: true, encoding: 'utf8' })) {
    const path = join(store, name);
    if (statSync(path).isFile()) utimesSync(path, past, past);
  }
  await network.node('origin').restart();
  await eventually(
    'the origin to be found by commands',
    () =>
      network
        .node('origin')
        .status()
        .catch(() => null), // not yet
  );
  await eventually('what nothing refers to, to be gone', async () => {
    const gc = await meridian('gc', '--json');
    expect([gc.code, gc.said]).toEqual([0, '']);
    const held = new Set(
      writers.flatMap((writer) =>
        writer.paths().flatMap((path) => writer.possible(path).map((each) => each && hex(each))),
      ),
    );
    held.delete(null);
    const files = readdirSync(join(store, 'blobs'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      /[0-9a-f]{64}$/.test(name),
    );
    return files.length === held.size;
  });
  for (const writer of writers) await expectHeld(writer, writer.paths().slice(-100));
}, 60_000);

const hex = (bytes: Uint8Array) => new Bun.CryptoHasher('sha256').update(bytes).digest('hex');
