import { expect, test } from 'bun:test';
import { answerOf } from './answers.contract.ts';
import { type World, world } from './world.contract.ts';

const varying = (by: string) => ({ 'cache-control': 'max-age=60', vary: by });

/** The parent says which field values it saw. */
function echo(here: World, by: string): void {
  here.parent = ({ exchange }) =>
    answerOf(
      by
        .split(', ')
        .map((name) => exchange.headers.get(name) ?? 'none')
        .join('|'),
      varying(by),
    );
}

async function read(here: World, headers: Record<string, string>): Promise<string> {
  const reply = await here.get({ headers });
  const text = await reply.text();
  await here.quiet();
  return `${reply.outcome} ${text}`;
}

test('several variants of a key stand side by side', async () => {
  await using here = await world();
  echo(here, 'accept-language, accept');
  expect(await read(here, { 'accept-language': 'de' })).toBe('miss de|none');
  expect(await read(here, { 'accept-language': 'fr' })).toBe('vary-miss fr|none');
  expect(await read(here, { accept: 'text/html' })).toBe('vary-miss none|text/html');
  expect(await read(here, { 'accept-language': 'de' })).toBe('hit de|none');
  expect(await read(here, { 'accept-language': 'fr' })).toBe('hit fr|none');
  expect(await read(here, { accept: 'text/html' })).toBe('hit none|text/html');
});

test('encodings are compared by what they accept, not by how it is written', async () => {
  await using here = await world();
  echo(here, 'accept-encoding');
  expect(await read(here, { 'accept-encoding': 'gzip, deflate, br' })).toBe('miss gzip, deflate, br');
  expect(await read(here, { 'accept-encoding': 'br;q=0.9,gzip' })).toStartWith('hit');
  expect(await read(here, { 'accept-encoding': 'gzip' })).toStartWith('vary-miss');
  expect(await read(here, {})).toStartWith('vary-miss');
});

test('a field that is absent is not one that is empty', async () => {
  await using here = await world();
  echo(here, 'x-mode');
  expect(await read(here, {})).toBe('miss none');
  expect(await read(here, { 'x-mode': '' })).toBe('vary-miss ');
});

test('where the key says everything, request fields select nothing', async () => {
  await using here = await world();
  here.parent = () => answerOf('one for all', varying('accept-language'));
  await (await here.get({ ask: [['accept', 'text/html']] })).text();
  await here.quiet();
  const reply = await here.get({ ask: [['accept', 'text/html']], headers: { 'accept-language': 'de' } });
  expect(reply.outcome).toBe('hit');
});

test('a key has a bounded number of variants, of which the oldest gives way', async () => {
  await using here = await world({ disk: true });
  echo(here, 'x-mode');
  for (let mode = 0; mode < 100; mode++) await read(here, { 'x-mode': String(mode) });
  await here.cache.close();
  expect(here.cache.stats.memory.entries).toBe(16);
  expect(here.cache.stats.disk?.entries).toBe(64);
  expect(await read(here, { 'x-mode': '99' })).toBe('hit 99');
});

test('of two responses that a request selects, the newer one serves', async () => {
  await using here = await world();
  here.parent = () => answerOf('for all', { 'cache-control': 'max-age=60' });
  expect(await read(here, { 'x-mode': 'a' })).toBe('miss for all');
  here.parent = () => answerOf('for a', varying('x-mode'));
  expect(await read(here, { 'x-mode': 'a', 'cache-control': 'no-cache' })).toBe('reload for a');
  expect(await read(here, { 'x-mode': 'a' })).toBe('hit for a');
});

test('a variant that is replaced leaves the others alone', async () => {
  await using here = await world({ disk: true, memoryObjectBytes: 10 });
  const large = 'x'.repeat(100);
  here.parent = ({ exchange }) => answerOf(large + exchange.headers.get('x-mode'), varying('x-mode'));
  await read(here, { 'x-mode': 'a' });
  await read(here, { 'x-mode': 'b' });
  while (here.cache.stats.fills > 0) await Bun.sleep(1);
  await read(here, { 'x-mode': 'a', 'cache-control': 'no-cache' });
  while (here.cache.stats.fills > 0) await Bun.sleep(1);
  expect(await read(here, { 'x-mode': 'a' })).toBe(`hit-disk ${large}a`);
  expect(await read(here, { 'x-mode': 'b' })).toBe(`hit-disk ${large}b`);
  expect(here.cache.stats.disk?.entries).toBe(2);
});
