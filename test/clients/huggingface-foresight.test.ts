/** What is foreseen of `@huggingface/hub`, held against what it asks for. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { downloadFile, snapshotDownload } from '@huggingface/hub';
import { huggingface } from '../../src/index.ts';
import { huggingface as ecosystem } from '../../src/protocols/huggingface/huggingface.ts';
import { foretell, type RecordingDoor, recordingDoor } from '../support/foretold.ts';
import { type Hub, startHub } from '../support/hub.ts';
import { startNetwork, type TestNetwork, temporary } from '../support/index.ts';

const folder = temporary('huggingface-foresight');
const bytes = (text: string) => new TextEncoder().encode(text);
const shard = (by: number) => new Uint8Array(2_000_000).map((_, at) => (at * by) % 251);
const names = ['1', '2', '3'].map((at) => `model-0000${at}-of-00003.safetensors`);
let hub: Hub;
let network: TestNetwork;
let door: RecordingDoor;

beforeAll(async () => {
  hub = await startHub();
  const files = {
    'README.md': bytes('# tiny'),
    'config.json': bytes('{"model_type":"tiny"}'),
    'tokenizer.json': bytes('{}'),
    'tokenizer_config.json': bytes('{ }'),
    'model.safetensors.index.json': bytes(
      JSON.stringify({
        metadata: { total_size: 6_000_000 },
        weight_map: { a: names[0], b: names[1], c: names[2] },
      }),
    ),
    ...Object.fromEntries(names.map((name, at) => [name, shard(7 + at)])),
  };
  hub.repos.set('models/acme/tiny', { commits: [{ id: 'a'.repeat(40), files }] });
  const weights = Object.fromEntries(names.map((name, at) => [name, shard(17 + at)]));
  hub.repos.set('models/acme/shards', { commits: [{ id: 'b'.repeat(40), files: weights }] });
  network = await startNetwork({
    nodes: { origin: { role: 'origin' }, near: { role: 'pop', parents: ['origin'] } },
    routes: [huggingface({ upstreams: [{ url: hub.url }] })],
  });
  door = recordingDoor(network.url('near'));
}, 60_000);

afterAll(async () => {
  door?.[Symbol.dispose]();
  await network?.stop();
  await hub?.off();
  folder[Symbol.dispose]();
});

const foretold = () =>
  foretell(ecosystem({ gated: 'refuse' }), door.passed(), { url: network.url('near'), prefix: '/hf' });

describe('of @huggingface/hub', () => {
  test('what a snapshot asks for is foreseen', async () => {
    door.forget();
    await snapshotDownload({
      repo: 'acme/tiny',
      hubUrl: `${door.url}/hf`,
      cacheDir: join(folder.path, 'cache'),
    });
    const told = await foretold();
    expect(told.precision).toBeGreaterThan(0.8);
  }, 30_000);

  test('weights are foreseen when the first file of them is asked for', async () => {
    door.forget();
    for (const path of names)
      await (await downloadFile({ repo: 'acme/shards', path, hubUrl: `${door.url}/hf` }))?.arrayBuffer();
    const told = await foretold();
    expect(told.inVain).toEqual([]);
    const commit = `/hf/acme/shards/resolve/${'b'.repeat(40)}`;
    expect([...told.foreseen.keys()]).toEqual([`${commit}/${names[1]}`, `${commit}/${names[2]}`]);
  }, 30_000);
});
