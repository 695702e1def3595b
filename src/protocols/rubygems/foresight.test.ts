import { describe, expect, test } from 'bun:test';
import { grow } from '../../../test/support/tree.ts';
import type { Doing } from '../../foresight.ts';
import type { Item } from '../registry/ecosystem.ts';
import { infoItem, readAddress } from './address.ts';
import { gemForesight } from './foresight.ts';

const fresh: Doing = { asked: () => 0 };
const agents = {
  bundler: 'bundler/2.3.27 rubygems/3.3.15 ruby/3.1.7 (x86_64-pc-linux-gnu) command/install',
  gem: 'Ruby, RubyGems/3.3.15 x86_64-linux Ruby/3.1.7 (2025-03-26 patchlevel 261)',
};

const infos: Readonly<Record<string, readonly string[]>> = {
  top: ['1.0.0 left:>= 1,right:>= 0|checksum:0', '2.0.0.rc1 future:>= 0|checksum:0'],
  left: [
    '1.0.0 gone:>= 0|checksum:0',
    '1.1.0 shared:< 3|checksum:0',
    '1.2.0 shared:< 3|checksum:0,ruby:>= 9',
  ],
  right: [
    '3.0 shared:>= 1|checksum:0',
    '3.0-x86_64-linux shared:>= 1|checksum:0',
    '3.0-java jars:>= 0|checksum:0',
  ],
  shared: ['1.0 |checksum:0', '3.0 |checksum:0', '2.9 |checksum:0,created_at:2026-05-31T00:00:00Z'],
  ...{ gone: ['1.0 |checksum:0'], future: ['1.0 |checksum:0'], jars: ['1.0 |checksum:0'] },
};

async function foreseen(item: Item, client: keyof typeof agents, doing = fresh) {
  const foresight = gemForesight();
  const beginning = foresight.begins(item, new Headers({ 'user-agent': agents[client] }), doing);
  if (beginning === null) throw new Error('nothing begins');
  return grow(foresight, beginning, (path) => {
    const lines = infos[path.slice('info/'.length)];
    return lines === undefined ? null : `---\n${lines.join('\n')}\n`;
  });
}

const itemAt = (path: string): Item => {
  const read = readAddress(path, '');
  if (read.as !== 'item') throw new Error(`no item: ${path}`);
  return read.item;
};
const isFile = (path: string) => !path.startsWith('info/');

describe('what is foreseen', () => {
  test('of Bundler: the indexes of all that any version needs, then gems that suit each other and the machine', async () => {
    const { paths, likelihoods } = await foreseen(infoItem('top'), 'bundler');
    expect(paths.filter((path) => !isFile(path)).sort()).toEqual(
      ['future', 'gone', 'jars', 'left', 'right', 'shared'].map((name) => `info/${name}`),
    );
    expect(paths.filter(isFile)).toEqual([
      ...[
        'gems/top-1.0.0.gem',
        'gems/left-1.1.0.gem',
        'gems/right-3.0-x86_64-linux.gem',
        'gems/shared-2.9.gem',
      ],
    ]);
    // Who has locked an older one does not fetch what was made yesterday.
    expect(likelihoods['gems/shared-2.9.gem']).toBeLessThan(0.6);
  });

  test('of gem: the indexes of what fits, then a specification and a gem of each', async () => {
    const { paths } = await foreseen(infoItem('top'), 'gem');
    expect(paths.filter((path) => !isFile(path)).sort()).toEqual(
      ['jars', 'left', 'right', 'shared'].map((name) => `info/${name}`),
    );
    expect(paths.filter(isFile).slice(0, 2)).toEqual([
      'quick/Marshal.4.8/top-1.0.0.gemspec.rz',
      'gems/top-1.0.0.gem',
    ]);
  });

  test('of a specification that gem asks for: its gem', async () => {
    const { paths, read } = await foreseen(
      itemAt('/quick/Marshal.4.8/right-3.0-x86_64-linux.gemspec.rz'),
      'gem',
    );
    expect([paths, read]).toEqual([['gems/right-3.0-x86_64-linux.gem'], []]);
  });

  test('no gems of what is asked for late', async () => {
    const { paths } = await foreseen(infoItem('top'), 'bundler', { asked: () => 100 });
    expect(paths.filter(isFile)).toEqual([]);
  });
});

test('others begin nothing, nor does who has the index, nor a gem', () => {
  const { begins } = gemForesight();
  const headers = new Headers({ 'user-agent': agents.bundler });
  expect(begins(infoItem('top'), new Headers(), fresh)).toBeNull();
  expect(begins(itemAt('/versions'), headers, fresh)).toBeNull();
  expect(begins(itemAt('/gems/top-1.0.0.gem'), headers, fresh)).toBeNull();
  headers.set('if-none-match', '"old"');
  expect(begins(infoItem('top'), headers, fresh)).toBeNull();
});
