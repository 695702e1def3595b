import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, temporary, virtualClock } from '../../../../test/support/index.ts';
import { systemClock } from '../../../clock.ts';
import { openFeed } from './feed.ts';
import { openOsvThread } from './osv-thread.ts';

const opened: { close(): void }[] = [];
let folder: ReturnType<typeof temporary>;
beforeEach(() => {
  folder = temporary('feed');
});
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
  folder[Symbol.dispose]();
});

function recordOf(id: string, name: string, versions = ['1.0.0']) {
  return { id, affected: [{ package: { ecosystem: 'npm', name }, versions }] };
}

let written = 0;
/** Each time with another time of change, however fast the test is. */
function write(path: string, value: unknown): void {
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  utimesSync(path, new Date(), new Date(1_700_000_000_000 + ++written * 1000));
}

function open(path: string) {
  const clock = virtualClock();
  const thread = openOsvThread(systemClock);
  const feed = openFeed(
    { path, checkS: 60 },
    {
      reader: {
        canonical: (name) => name.toLowerCase(),
        parse: (files, buffers) => thread.run({ task: 'feed', files: [...files], ecosystem: 'npm' }, buffers),
      },
      clock,
    },
  );
  opened.push(feed, thread);
  const said: string[] = [];
  feed.begin({
    read: () => said.push('read'),
    changed: (names) => said.push(`changed ${names.join(' ')}`),
    warn: (message, { reason }) => said.push(`${message}: ${reason}`),
  });
  const ids = (name: string) => feed.about(name)?.map(({ id }) => id) ?? null;
  const later = async (what: string) => {
    await eventually('the next look to be due', () => clock.waiting > 0);
    clock.advance(60_000);
    await eventually(what, () => said.includes(what));
  };
  return { clock, feed, said, ids, later };
}

test('a file is one record or a list of them', async () => {
  const path = join(folder.path, 'osv.json');
  write(path, recordOf('A', 'left'));
  const { feed, ids, said, later } = open(path);
  expect(ids('left')).toBeNull();
  await feed.ready();
  expect([ids('left'), ids('right'), said]).toEqual([['A'], [], ['read']]);
  write(path, [recordOf('A', 'left'), recordOf('B', 'right'), recordOf('C', 'right')]);
  await later('changed right');
  expect([ids('left'), ids('right'), feed.state.advisories]).toEqual([['A'], ['B', 'C'], 3]);
});

describe('a folder', () => {
  test('holds files, which come and go, and other things that do not matter', async () => {
    write(join(folder.path, 'a.json'), recordOf('A', 'left'));
    write(join(folder.path, 'b.json'), [recordOf('B', 'right')]);
    write(join(folder.path, 'README.md'), '# not JSON');
    const { feed, ids, later } = open(folder.path);
    await feed.ready();
    expect([ids('left'), ids('right')]).toEqual([['A'], ['B']]);
    rmSync(join(folder.path, 'a.json'));
    await later('changed left');
    expect([ids('left'), ids('right')]).toEqual([[], ['B']]);
  });

  test('of the same records in other files is the same', async () => {
    write(join(folder.path, 'a.json'), [recordOf('A', 'left'), recordOf('B', 'left')]);
    const { feed, ids, said, clock } = open(folder.path);
    await feed.ready();
    write(join(folder.path, 'a.json'), recordOf('B', 'left'));
    write(join(folder.path, 'b.json'), recordOf('A', 'left'));
    await eventually('the next look to be due', () => clock.waiting > 0);
    const { readMs } = feed.state;
    clock.advance(60_000);
    await eventually('it to be read', () => feed.state.readMs !== readMs);
    expect([ids('left'), said]).toEqual([['A', 'B'], ['read']]);
  });

  test('may hold more files than are read in one go', async () => {
    const many = join(folder.path, 'many');
    mkdirSync(many);
    for (let at = 0; at < 1_200; at++)
      writeFileSync(join(many, `${at}.json`), JSON.stringify(recordOf(`R${at}`, `p${at}`)));
    const { feed, ids } = open(many);
    await feed.ready();
    expect([feed.state.advisories, ids('p0'), ids('p1199')]).toEqual([1_200, ['R0'], ['R1199']]);
  });
});

describe('a feed that cannot be read', () => {
  test('leaves what was read before, says so once, and is taken when it is whole', async () => {
    const path = join(folder.path, 'osv.json');
    write(path, recordOf('A', 'left'));
    const { feed, ids, said, clock, later } = open(path);
    await feed.ready();
    write(path, '{"id": "B", "affec');
    await later(`the feed of advisories cannot be read: ${path}: it is not JSON`);
    expect([ids('left'), feed.state.error]).toEqual([['A'], `${path}: it is not JSON`]);
    const lines = said.length;
    await eventually('the next look to be due', () => clock.waiting > 0);
    clock.advance(60_000);
    await eventually('the next look to be due', () => clock.waiting > 0);
    expect(said).toHaveLength(lines);
    write(path, recordOf('B', 'left'));
    await later('changed left');
    expect([ids('left'), feed.state.error]).toEqual([['B'], null]);
  });

  test('from the start is no feed without advisories', async () => {
    const path = join(folder.path, 'osv.json');
    const { feed, ids, said, later } = open(path);
    await feed.ready();
    expect([ids('left'), said.length]).toEqual([null, 1]);
    expect(said[0]).toContain('ENOENT');
    write(path, recordOf('A', 'left'));
    await later('read');
    expect(ids('left')).toEqual(['A']);
  });
});
