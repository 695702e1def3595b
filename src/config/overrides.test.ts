import { describe, expect, test } from 'bun:test';
import { embedded } from './embedded.ts';
import { formatMistake } from './mistake.ts';
import { parseNetwork } from './network.ts';
import type { Overrides } from './overrides.ts';

function parse(overrides: Overrides, env: Record<string, string> = {}) {
  return parseNetwork(embedded, { configDir: '/w', env, overrides });
}

function urls(overrides: Overrides, env: Record<string, string> = {}): string[] {
  const result = parse(overrides, env);
  return result.ok ? Object.values(result.network.nodes).map(({ url }) => url.replace('http://', '')) : [];
}

function mistakes(overrides: Overrides, env: Record<string, string> = {}): string[] {
  const result = parse(overrides, env);
  return result.ok ? [] : result.mistakes.map(formatMistake);
}

describe('ports', () => {
  test('come from the file, are shifted, are set by variable, are set by flag, in this order', () => {
    expect(urls({})).toEqual(['127.0.0.1:4870', '127.0.0.1:4871', '127.0.0.1:4873', '127.0.0.1:4874']);
    const env = { MERIDIAN_PORT_POP_A: '81', MERIDIAN_PORT_POP_B: '82' };
    expect(urls({ portBase: 8000, ports: { 'pop-b': 83 } }, env)).toEqual([
      '127.0.0.1:8000',
      '127.0.0.1:8001',
      '127.0.0.1:81',
      '127.0.0.1:83',
    ]);
  });

  test('of other things named Meridian are left alone', () => {
    const env = {
      MERIDIAN_PORT: 'tcp://10.0.0.1:80',
      MERIDIAN_PORT_80_TCP: 'tcp://10.0.0.1:80',
      MERIDIAN_PORT_POP_A: '',
    };
    expect(urls({}, env)).toEqual(urls({}));
  });

  test('of unknown nodes, and impossible ones, are mistakes', () => {
    expect(mistakes({ ports: { popa: 1 } })).toEqual([
      "--port: expected the name of a node: origin, shield, pop-a, pop-b, found 'popa'. Did you mean pop-a?",
    ]);
    expect(mistakes({}, { MERIDIAN_PORT_POP_A: 'http' })).toEqual([
      "MERIDIAN_PORT_POP_A: expected a port from 0 to 65535, found 'http'",
    ]);
    expect(mistakes({ portBase: 65_533 })).toEqual([
      '--port-base: expected a lower port, found one that puts a listener at port 65537',
    ]);
    expect(mistakes({ ports: { 'pop-a': 4874 } })[0]).toStartWith(
      'nodes.pop-b.listen[0].port: expected a port of its own',
    );
  });
});

describe('the host', () => {
  test('is that of the flag, else of the variable', () => {
    const env = { MERIDIAN_HOST: '127.0.0.2' };
    expect(urls({}, env)[0]).toBe('127.0.0.2:4870');
    expect(urls({ host: '::1' }, env)[0]).toBe('[::1]:4870');
  });

  test('must be one', () => {
    expect(mistakes({ host: 'a b' })).toEqual(["--host: expected an IP address or host name, found 'a b'"]);
    expect(mistakes({}, { MERIDIAN_HOST: 'a b' })).toEqual([
      "MERIDIAN_HOST: expected an IP address or host name, found 'a b'",
    ]);
  });
});

test('the data folder moves with everything in it', () => {
  const result = parse({ dataDir: '/data' });
  expect(result).toMatchObject({
    ok: true,
    network: {
      dataDir: '/data',
      nodes: { origin: { dataDir: '/data/origin', accessLog: { path: '/data/origin/access.log' } } },
    },
  });
});
