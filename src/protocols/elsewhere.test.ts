import { describe, expect, test } from 'bun:test';
import { elsewhere } from './elsewhere.ts';

const names: Readonly<Record<string, readonly string[]>> = {
  'registry.example': ['198.51.100.1'],
  'auth.example': ['198.51.100.2', '2001:db8::2'],
  'sly.example': ['198.51.100.3', '10.0.0.3'],
  'registry.internal': ['10.0.0.1'],
  'blobs.internal': ['10.0.0.2'],
};
const resolve = async (hostname: string) => names[hostname] ?? [];

async function going(from: string, text: string, internalHosts?: readonly string[]): Promise<string> {
  const source = { name: 'example', url: new URL(from).origin, internalHosts };
  try {
    return (await elsewhere(source, new URL(from), text, resolve)).href;
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown);
  }
}

const refused = 'upstream-invalid';
const registry = 'https://registry.example/v2/app/blobs/x';

describe('a registry', () => {
  test('may send to any other host of the internet, and to another place of its own', async () => {
    for (const to of ['https://auth.example/token?a=b', 'https://registry.example:5000/token'])
      expect(await going(registry, to)).toBe(to);
    expect(await going(registry, '/elsewhere')).toBe('https://registry.example/elsewhere');
    expect(await going(registry, 'https://nobody-knows.example/')).toBe('https://nobody-knows.example/');
  });

  test('may not send from TLS to what is none, or to no address', async () => {
    for (const to of [
      'http://auth.example/token',
      'ftp://auth.example/',
      'file:///etc/passwd',
      '//',
      'data:,x',
    ])
      expect([to, await going(registry, to)]).toEqual([to, refused]);
    expect(await going('http://registry.example/', 'http://auth.example/')).toBe('http://auth.example/');
  });

  test('may not put a password into an address', async () => {
    for (const to of ['https://name:word@auth.example/', 'https://name@registry.example/'])
      expect([to, await going(registry, to)]).toEqual([to, refused]);
  });

  test('of the internet may not send within, by whatever name', async () => {
    for (const host of [
      ...[
        'localhost',
        'a.localhost',
        '127.0.0.1',
        '127.1',
        '2130706433',
        '0x7f000001',
        '0.0.0.0',
        '[::1]',
        '[::]',
      ],
      ...['[::ffff:127.0.0.1]', '10.1.2.3', '172.31.0.1', '192.168.0.1', '169.254.169.254', '100.64.0.1'],
      ...['[fd00::1]', '[fe80::1]', 'blobs.internal', 'sly.example', 'localhost.'],
    ])
      expect([host, await going(registry, `https://${host}/x`)]).toEqual([host, refused]);
  });

  test('may send within where it is within itself, or where the config says so', async () => {
    expect(await going('https://registry.internal/v2/', 'https://blobs.internal/x')).toBe(
      'https://blobs.internal/x',
    );
    expect(await going('http://127.0.0.1:5000/v2/', 'http://127.0.0.1:5001/x')).toBe(
      'http://127.0.0.1:5001/x',
    );
    expect(await going(registry, 'https://blobs.internal/x', ['blobs.internal'])).toBe(
      'https://blobs.internal/x',
    );
    expect(await going(registry, 'https://10.0.0.9/x', ['blobs.internal'])).toBe(refused);
  });
});
