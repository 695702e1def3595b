import { describe, expect, test } from 'bun:test';
import { type Client, clientFrom, trustedProxies } from './forwarded.ts';

const blocks = ['10.0.0.0/8', '2001:db8:1::/48'];

function viaForwarded(forwarded: string, peer = '10.0.0.1'): Client {
  return clientFrom(new Headers({ forwarded }), peer, trustedProxies(blocks, 'forwarded'));
}

function viaX(fields: Record<string, string>, peer = '10.0.0.1'): Client {
  return clientFrom(new Headers(fields), peer, trustedProxies(blocks));
}

describe('a peer', () => {
  test('that is no configured proxy is the client, whatever it claims', () => {
    const fields = { 'x-forwarded-for': '1.1.1.1', 'x-forwarded-proto': 'https', forwarded: 'for=1.1.1.1' };
    expect(viaX(fields, '192.0.2.1')).toEqual({ address: '192.0.2.1' });
    expect(viaForwarded('for=1.1.1.1;proto=https', '192.0.2.1')).toEqual({ address: '192.0.2.1' });
  });

  test('is known in any spelling of its address', () => {
    expect(viaX({ 'x-forwarded-for': '1.1.1.1' }, '::ffff:10.0.0.1')).toEqual({ address: '1.1.1.1' });
    expect(viaX({}, '::ffff:192.0.2.1')).toEqual({ address: '192.0.2.1' });
  });

  test('that is a proxy but says nothing is the client', () => {
    expect(viaX({})).toEqual({ address: '10.0.0.1' });
    expect(viaForwarded('')).toEqual({ address: '10.0.0.1' });
  });
});

describe('X-Forwarded-For', () => {
  test('names the client behind one proxy', () => {
    const fields = {
      'x-forwarded-for': '192.0.2.7',
      'x-forwarded-proto': 'HTTPS',
      'x-forwarded-host': 'example.com',
    };
    expect(viaX(fields)).toEqual({ address: '192.0.2.7', proto: 'https', host: 'example.com' });
  });

  test('is believed as far as trust reaches', () => {
    expect(viaX({ 'x-forwarded-for': '6.6.6.6, 192.0.2.7, 10.0.0.2' }).address).toBe('192.0.2.7');
    expect(viaX({ 'x-forwarded-for': '192.0.2.7' }).address).toBe('192.0.2.7');
    expect(viaX({ 'x-forwarded-for': '10.0.0.3, 10.0.0.2' }).address).toBe('10.0.0.3');
  });

  test('may have ports and brackets', () => {
    expect(viaX({ 'x-forwarded-for': '192.0.2.7:4711' }).address).toBe('192.0.2.7');
    expect(viaX({ 'x-forwarded-for': '[2001:DB8::7]:4711' }).address).toBe('2001:db8::7');
    expect(viaX({ 'x-forwarded-for': '2001:DB8:0::7' }).address).toBe('2001:db8::7');
  });

  test('ends where it cannot be read', () => {
    expect(viaX({ 'x-forwarded-for': '192.0.2.7, unknown, 10.0.0.2' }).address).toBe('10.0.0.2');
    expect(viaX({ 'x-forwarded-for': '192.0.2.7, localhost' }).address).toBe('10.0.0.1');
  });

  test("tells which of several protocols and hosts are the client's", () => {
    const fields = { 'x-forwarded-for': '6.6.6.6, 192.0.2.7, 10.0.0.2' };
    const proto = (value: string) => viaX({ ...fields, 'x-forwarded-proto': value }).proto;
    expect(proto('http, https, http')).toBe('https');
    expect(proto('https, http')).toBe('https');
    expect(proto('https')).toBe('https');
    expect(proto('gopher')).toBeUndefined();
    expect(viaX({ ...fields, 'x-forwarded-host': 'evil, a.example, proxy.example' }).host).toBe('a.example');
    expect(viaX({ ...fields, 'x-forwarded-host': 'a/b' }).host).toBeUndefined();
  });

  test('is the only one that counts, unless the other one is configured', () => {
    expect(viaX({ 'x-forwarded-for': '192.0.2.7', forwarded: 'for=6.6.6.6' }).address).toBe('192.0.2.7');
  });
});

describe('Forwarded', () => {
  test('names the client, its protocol and its host', () => {
    expect(viaForwarded('for=192.0.2.7;proto=https;host=example.com;by=10.0.0.1')).toEqual({
      address: '192.0.2.7',
      proto: 'https',
      host: 'example.com',
    });
    expect(viaForwarded('for=6.6.6.6, for=192.0.2.7;secret="a, for=7.7.7.7"').address).toBe('192.0.2.7');
    expect(viaForwarded('For="[2001:db8:cafe::17]:4711"; Host="a.example:8443"')).toEqual({
      address: '2001:db8:cafe::17',
      host: 'a.example:8443',
    });
  });

  test('is believed as far as trust reaches', () => {
    const chain =
      'for=6.6.6.6;host=evil, for=192.0.2.7;proto=https;host=a.example, for="[2001:db8:1::2]";proto=http';
    expect(viaForwarded(chain)).toEqual({ address: '192.0.2.7', proto: 'https', host: 'a.example' });
    expect(viaForwarded('for=10.0.0.3, for=10.0.0.2').address).toBe('10.0.0.3');
  });

  test('ends where it cannot be read', () => {
    for (const end of [
      'for=unknown',
      'for=_hidden',
      'for="_x:80"',
      'for',
      'for=a b',
      'for=1.1.1.1;for=2.2.2.2',
      'for="1.1.1\\.1"',
      'for = 1.1.1.1',
    ]) {
      expect([end, viaForwarded(`for=192.0.2.7, ${end}`)]).toEqual([end, { address: '10.0.0.1' }]);
    }
  });

  test('may tell how the proxy was asked, but not by whom', () => {
    const told = { address: '10.0.0.1', proto: 'https' } as const;
    expect(viaForwarded('for=192.0.2.7, proto=https')).toEqual(told);
    expect(viaForwarded('for=192.0.2.7, for=_hidden;proto=https')).toEqual(told);
  });

  test('cannot be tampered with from the left', () => {
    for (const left of [
      'for="',
      'for="1.1.1.1',
      '"',
      '\\',
      'for="a\\',
      '"\\"',
      ',',
      ';',
      'for="x, for=6.6.6.6',
    ]) {
      const told = viaForwarded(`${left}, for="[2001:db8::7]:1";proto=https`);
      expect([left, told]).toEqual([left, { address: '2001:db8::7', proto: 'https' }]);
    }
  });
});
