/** An origin opens the stores that its config names, says how they are, and gives them to its successor. */
import { expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sqlite, web } from '../../src/index.ts';
import { eventually, runMeridian, startNetwork } from '../support/index.ts';

test('an origin has its stores, across restarts, and status shows them', async () => {
  await using network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: { metadata: sqlite({ path: 'kept/metadata.db' }) } },
      pop: { role: 'pop', parents: ['origin'] },
    },
    routes: [web({ upstream: 'http://127.0.0.1:1' })],
  });
  const origin = network.node('origin');
  const state = 'well' as const;
  const isWell = () =>
    eventually('stores that are well', async () => (await origin.status()).stores?.metadata.state === 'well');
  await isWell();
  expect((await origin.status()).stores).toEqual({
    blobs: { engine: 'files', state },
    metadata: { engine: 'sqlite', state },
  });
  expect((await network.node('pop').status()).stores).toBeNull();
  expect(existsSync(join(network.dir, 'kept/metadata.db'))).toBe(true);

  await origin.kill9();
  await origin.restart();
  await isWell();

  const { stdout } = await runMeridian(['status', '--config', network.configFile], { cwd: network.dir });
  expect(stdout).toContain('files, sqlite');
}, 30_000);
