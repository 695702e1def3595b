import { describe, expect, test } from 'bun:test';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { virtualClock } from '../../test/support/clock.ts';
import { temporary } from '../../test/support/temporary.ts';
import { eventually } from '../../test/support/wait.ts';
import { openAccessLog } from './access-log.ts';
import { onlyCredentials } from './redaction.ts';

const usual = { ...onlyCredentials, samplePercent: 100, slowMs: 1000 };

const request = {
  timeMs: 0,
  id: 'a',
  node: 'pop',
  client: '::1',
  method: 'GET',
  target: '/x?token=1',
  status: 200,
  bytes: 1,
  durationMs: 1,
  outcome: 'hit',
  kind: 'page',
  route: 'web',
};

test('every request is one line of the file, in order', async () => {
  using folder = temporary('access');
  const path = join(folder.path, 'access.log');
  const log = openAccessLog({ ...usual, format: 'json', path }, virtualClock())!;
  for (let i = 0; i < 2000; i++) log.record({ ...request, id: String(i) });
  await log.close();
  const lines = (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ id }) => id)).toEqual(Array.from({ length: 2000 }, (_, i) => String(i)));
  expect(lines[0].target).toBe('/x?token=…');
  expect(log.dropped).toBe(0);
});

test('text is another format', async () => {
  using folder = temporary('access');
  const path = join(folder.path, 'access.log');
  const log = openAccessLog({ ...usual, format: 'text', path }, virtualClock())!;
  log.record(request);
  await log.close();
  expect(await readFile(path, 'utf8')).toStartWith('00:00:00.000 pop ::1 GET /x?token=… 200 1 B');
});

test.each(['json', 'combined', 'text'] as const)(
  'nobody looks up addresses that no line says (%s)',
  async (format) => {
    using folder = temporary('access');
    const path = join(folder.path, 'access.log');
    const log = openAccessLog({ ...usual, format, path, addresses: 'none' }, virtualClock())!;
    expect(log.hasClient).toBe(false);
    log.record({ ...request, client: '' });
    await log.close();
    expect(await readFile(path, 'utf8')).toMatch(/"client":"-"|^- - - |pop - GET/);
  },
);

test('off is no log', () =>
  expect(openAccessLog({ ...usual, format: 'off', path: 'stdout' }, virtualClock())).toBeNull());

test('a reader of standard output that stands still holds up nobody', async () => {
  const program = `
    import { openAccessLog } from ${JSON.stringify(join(import.meta.dir, 'access-log.ts'))};
    import { systemClock } from ${JSON.stringify(join(import.meta.dir, '../clock.ts'))};
    const usual = ${JSON.stringify(usual)};
    const log = openAccessLog({ ...usual, format: 'json', path: 'stdout' }, systemClock);
    const request = ${JSON.stringify(request)};
    for (let round = 0; round < 60; round++) {
      for (let i = 0; i < 1000; i++) log.record(request);
      await Bun.sleep(1);
    }
    process.stderr.write('not held up, ' + (log.dropped > 0 ? 'dropped some' : 'dropped none'));
    await Bun.sleep(1500);
    await log.close();
    process.exit(0);
  `;
  const child = Bun.spawn([process.execPath, '-e', program], { stdout: 'pipe', stderr: 'pipe' });
  let said = '';
  const decoder = new TextDecoder();
  const listening = (async () => {
    for await (const chunk of child.stderr) said += decoder.decode(chunk);
  })();
  // Nobody has read a byte of standard output yet: the pipe is full long before the last record.
  await eventually('the program has recorded everything', () => said.includes('not held up'));
  const lines = (await child.stdout.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  await Promise.all([child.exited, listening]);
  const written = lines.filter((line) => line.id === 'a').length;
  const lost = lines.reduce((sum, line) => sum + (line.dropped ?? 0), 0);
  expect(written + lost).toBe(60_000);
});

describe('a sample', () => {
  const sampled = (samplePercent: number) =>
    openAccessLog(
      { ...usual, format: 'json', path: '/dev/null', samplePercent, slowMs: 500 },
      virtualClock(),
    )!;
  const ids = Array.from({ length: 20_000 }, (_, at) => `3f2a91bc-${at.toString(36)}`);

  test('has so many of a hundred requests, the same ones at every node', async () => {
    const [pop, origin] = [sampled(5), sampled(5)];
    const chosen = ids.filter((id) => pop.wants(id, 200, 1));
    expect(chosen.length / ids.length).toBeCloseTo(0.05, 2);
    expect(ids.filter((id) => origin.wants(id, 304, 3))).toEqual(chosen);
    expect(ids.filter((id) => sampled(0).wants(id, 200, 1))).toEqual([]);
  });

  test('has all that fail, and all that are slow', () => {
    const log = sampled(0);
    expect(ids.every((id) => log.wants(id, 404, 1) && log.wants(id, 502, 1) && log.wants(id, 200, 500))).toBe(
      true,
    );
    expect(log.wants('a', 399, 499)).toBe(false);
  });
});
