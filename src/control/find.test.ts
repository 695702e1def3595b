import { describe, expect, test } from 'bun:test';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { virtualClock } from '../../test/support/clock.ts';
import { temporary } from '../../test/support/temporary.ts';
import { embedded } from '../config/embedded.ts';
import { parseNetwork } from '../config/network.ts';
import { findNode } from './find.ts';
import type { NodeFile } from './messages.ts';
import { readNodeFile, removeNodeFile, writeNodeFile } from './node-file.ts';
import { serveControl } from './server.ts';

const clock = virtualClock();

function world(path: string) {
  const parsed = parseNetwork(embedded, { configDir: path, env: {}, overrides: { dataDir: path } });
  if (!parsed.ok) throw new Error('the embedded network is wrong');
  const node = parsed.network.nodes['pop-a'];
  if (node === undefined) throw new Error('the embedded network has no pop-a');
  return { network: parsed.network, node };
}

const file: NodeFile = {
  name: 'pop-a',
  role: 'pop',
  pid: process.pid,
  startedAt: '2026-11-21T00:00:00Z',
  urls: [],
  control: 'http://127.0.0.1:1',
  version: '0.1.0',
};
const status = {
  name: 'pop-a',
  role: 'pop',
  startedAtMs: 0,
  urls: [],
  requests: 0,
  hits: 0,
  memory: { entries: 0, bytes: 0, limitBytes: 0 },
  disk: null,
  fills: 0,
  rssBytes: 0,
  parents: [],
  kv: [],
};

describe('a node', () => {
  test('that has never run here is elsewhere; one that has ended is down', async () => {
    using folder = temporary('find');
    const { network, node } = world(folder.path);
    expect(await findNode(network, node, clock)).toEqual({ state: 'elsewhere' });
    await mkdir(node.dataDir);
    expect(await findNode(network, node, clock)).toEqual({ state: 'down', reason: 'does not run' });
  });

  test('is up when it answers under its own name', async () => {
    using folder = temporary('find');
    const { network, node } = world(folder.path);
    const name = { now: 'pop-a' };
    const control = await serveControl({
      host: '127.0.0.1',
      port: 0,
      secret: () => network.secret,
      handlers: {
        metrics: () => ({}),
        explain: () => [],
        status: () => ({ ...status, name: name.now }),
        api: async () => null,
        visit: async () => ({ status: 200, body: {} }),
        reload: async () => [],
        purge: async () => ({ purged: [] }),
        drain: () => undefined,
      },
      clock,
    });
    await writeNodeFile(node.dataDir, { ...file, control: control.url });
    expect(await findNode(network, node, clock)).toMatchObject({
      state: 'up',
      file: { pid: process.pid },
      status: { name: 'pop-a' },
    });
    name.now = 'pop-b';
    expect(await findNode(network, node, clock)).toEqual({
      state: 'down',
      reason: `ended without a word: ${control.url} is now pop-b`,
    });
    await control.close();
    expect(await findNode(network, node, clock)).toMatchObject({
      state: 'down',
      reason: expect.stringContaining('does not answer at http://127.0.0.1:'),
    });
  });

  test('whose process is gone is down, whatever its file says', async () => {
    using folder = temporary('find');
    const { network, node } = world(folder.path);
    const gone = Bun.spawn(['true']);
    await gone.exited;
    await writeNodeFile(node.dataDir, { ...file, pid: gone.pid });
    expect(await findNode(network, node, clock)).toEqual({
      state: 'down',
      reason: `ended without a word (process ${gone.pid})`,
    });
  });
});

describe('the file of a node', () => {
  test("is whole and its owner's, and nothing is left beside it", async () => {
    using folder = temporary('file');
    await writeNodeFile(join(folder.path, 'deep'), file);
    expect(await readNodeFile(join(folder.path, 'deep'))).toEqual(file);
    expect(await readdir(join(folder.path, 'deep'))).toEqual(['node.json']);
    expect((await stat(join(folder.path, 'deep', 'node.json'))).mode & 0o777).toBe(0o600);
  });

  test('is removed by the process that it is of, and by no other', async () => {
    using folder = temporary('file');
    await writeNodeFile(folder.path, { ...file, pid: process.pid + 1 });
    await removeNodeFile(folder.path);
    expect(await readdir(folder.path)).toEqual(['node.json']);
    await writeNodeFile(folder.path, file);
    await removeNodeFile(folder.path);
    expect(await readdir(folder.path)).toEqual([]);
    await removeNodeFile(folder.path);
  });

  test.each(['', '{', '{"name": 5}', '[]'])('that holds %p is none', async (text) => {
    using folder = temporary('file');
    await writeFile(join(folder.path, 'node.json'), text);
    expect(await readNodeFile(folder.path)).toBeUndefined();
  });
});
