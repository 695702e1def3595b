import { describe, expect, test } from 'bun:test';
import { exchangeOf, protocolAt } from '../world.contract.ts';

const pop = protocolAt('pop', {}, '/npm');
const address = '/npm/-/npm/v1/security/advisories/bulk';
const npmAgent = { 'user-agent': 'npm/11.6.1 node/v24.9.0 linux x64 workspaces/false' };
const installed = { left: ['1.0.0', '2.0.0'], '@acme/ui': ['1.1.0'] };
const zipped = (value: unknown) => new Uint8Array(Bun.gzipSync(JSON.stringify(value)));

async function told(body: Uint8Array<ArrayBuffer>, fields: Record<string, string> = {}) {
  const all = { ...npmAgent, 'content-encoding': 'gzip', 'npm-command': 'ci', ...fields };
  const exchange = exchangeOf(address, all, { method: 'POST', body });
  return pop.foresight!.body?.(pop.name(exchange), exchange)?.read(body) ?? null;
}

describe('the list of what is about to be installed', () => {
  test('tells each file, the last one first, as npm fetches them', async () => {
    expect(await told(zipped(installed))).toEqual([
      { target: '/npm/@acme/ui/-/ui-1.1.0.tgz' },
      { target: '/npm/left/-/left-1.0.0.tgz' },
      { target: '/npm/left/-/left-2.0.0.tgz' },
    ]);
  });

  test('is less sure where some of it may be installed already', async () => {
    const [first] = (await told(zipped(installed), { 'npm-command': 'install' })) ?? [];
    expect(first?.likelihood).toBeLessThan(1);
  });

  test('leaves out what is for other platforms', async () => {
    const built = { '@esbuild/linux-x64': ['1.0.0'], '@esbuild/win32-x64': ['1.0.0'], fsevents: ['2.0.0'] };
    expect(await told(zipped(built))).toEqual([{ target: '/npm/@esbuild/linux-x64/-/linux-x64-1.0.0.tgz' }]);
  });

  test('may come as it is', async () => {
    const plain = new TextEncoder().encode(JSON.stringify({ left: ['1.0.0'] }));
    expect(await told(plain, { 'content-encoding': 'identity' })).toHaveLength(1);
  });

  test.each([
    ['that is not gzip', new TextEncoder().encode('{}')],
    ['that is no list', zipped([1])],
    ['of numbers', zipped({ left: [1] })],
    ['that is not JSON', new Uint8Array(Bun.gzipSync('{'))],
    ['of bad names', zipped({ '../left': ['1.0.0'], left: ['../1'] })],
    ['that would be far too long', zipped({ left: [' '.repeat(5 * 1024 * 1024)] })],
  ])('tells nothing %s', async (_, body) => {
    expect(await told(body)).toEqual([]);
  });

  test('tells nothing that is only looked at', async () => {
    expect(await told(zipped(installed), { 'npm-command': 'audit' })).toBeNull();
  });
});

test('other bodies are not looked into', () => {
  const exchange = exchangeOf('/npm/left', npmAgent, { method: 'PUT', body: '{}' });
  expect(pop.foresight!.body?.(pop.name(exchange), exchange)).toBeNull();
});
