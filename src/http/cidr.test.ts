import { describe, expect, test } from 'bun:test';
import { canonicalAddress, cidrSet } from './cidr.ts';

describe('a set', () => {
  test('holds the addresses of its IPv4 blocks', () => {
    const set = cidrSet(['10.0.0.0/8', '192.0.2.128/25', '198.51.100.7']);
    for (const address of ['10.0.0.0', '10.255.255.255', '192.0.2.128', '192.0.2.255', '198.51.100.7']) {
      expect(set.has(address)).toBe(true);
    }
    for (const address of ['9.255.255.255', '11.0.0.0', '192.0.2.127', '198.51.100.6', '::a00:1']) {
      expect(set.has(address)).toBe(false);
    }
  });

  test('holds the addresses of its IPv6 blocks', () => {
    const set = cidrSet(['2001:db8::/33', 'fe80::/10', '::1']);
    for (const address of [
      '2001:db8::',
      '2001:db8:7fff:ffff::1',
      'FEBF::1',
      '::1',
      '0:0:0:0:0:0:0:1',
      'fe80::1%eth0',
    ]) {
      expect(set.has(address)).toBe(true);
    }
    for (const address of ['2001:db8:8000::', 'fec0::1', '::2', '1.0.0.0', '0.0.0.1']) {
      expect(set.has(address)).toBe(false);
    }
  });

  test('knows IPv4 addresses in IPv6 form', () => {
    const set = cidrSet(['127.0.0.0/8']);
    expect(set.has('::ffff:127.0.0.1')).toBe(true);
    expect(set.has('::FFFF:7f00:1')).toBe(true);
    expect(set.has('::127.0.0.1')).toBe(false);
    expect(cidrSet(['::ffff:10.0.0.0/104']).has('10.1.2.3')).toBe(true);
    expect(cidrSet(['::ffff:10.0.0.1']).has('10.0.0.1')).toBe(true);
  });

  test('keeps the families apart', () => {
    expect(cidrSet(['::/0']).has('10.0.0.1')).toBe(false);
    expect(cidrSet(['::/0']).has('2001:db8::1')).toBe(true);
    expect(cidrSet(['0.0.0.0/0']).has('255.255.255.255')).toBe(true);
    expect(cidrSet(['0.0.0.0/0']).has('::1')).toBe(false);
  });

  test('holds nothing that is not an address', () => {
    const set = cidrSet(['0.0.0.0/0', '::/0']);
    for (const text of [
      '',
      'localhost',
      '1.2.3',
      '1.2.3.4.5',
      '1.2.3.256',
      '01.2.3.4',
      ' 1.2.3.4',
      '1.2.3.4%eth0',
      ':',
      ':::',
      '1::2::3',
    ]) {
      expect(set.has(text)).toBe(false);
    }
    expect(cidrSet([]).has('1.2.3.4')).toBe(false);
    expect(cidrSet([]).size).toBe(0);
  });
});

describe('a malformed block', () => {
  test('is refused with what would be right', () => {
    expect(() => cidrSet(['10.0.0.0/8', 'ten'])).toThrow(
      '"ten" is not an IP address or CIDR block such as 10.0.0.0/8',
    );
    expect(() => cidrSet(['10.0.0.0/33'])).toThrow(
      '"10.0.0.0/33": the prefix length must be a number from 0 to 32',
    );
    expect(() => cidrSet(['::/129'])).toThrow('from 0 to 128');
    expect(() => cidrSet(['10.1.2.3/8'])).toThrow(
      '"10.1.2.3/8" has bits set beyond its prefix: write 10.0.0.0/8',
    );
    expect(() => cidrSet(['2001:db8::1/32'])).toThrow('write 2001:db8::/32');
    for (const text of ['10.0.0.0/', '10.0.0.0/x', '10.0.0.0/8/8', '10.0.0.0/-1', 'fe80::1%eth0', '', '/8']) {
      expect(() => cidrSet([text])).toThrow(JSON.stringify(text));
    }
  });
});

describe('an address', () => {
  test('has one form', () => {
    const forms = {
      '192.0.2.1': '192.0.2.1',
      '::ffff:192.0.2.1': '192.0.2.1',
      '2001:DB8:0:0:0:0:0:1': '2001:db8::1',
      '2001:0db8::0001': '2001:db8::1',
      '2001:db8:0:1:1:1:1:1': '2001:db8:0:1:1:1:1:1',
      '2001:0:0:1:0:0:0:1': '2001:0:0:1::1',
      '2001:db8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
      '::': '::',
      '::1': '::1',
      '1::': '1::',
      '1:2:3:4:5:6:7::': '1:2:3:4:5:6:7:0',
      '64:ff9b::192.0.2.33': '64:ff9b::c000:221',
      'fe80::1%eth0': 'fe80::1',
    };
    for (const [text, canonical] of Object.entries(forms)) expect(canonicalAddress(text)).toBe(canonical);
  });

  test('or is none', () => {
    const others = [
      '',
      '1',
      '1.2.3.4:80',
      '[::1]',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '1:2:3:4:5:6:7:8::',
      '12345::',
      'g::',
      '::1.2.3',
      '1.2.3.4::',
      ':1::',
      '1:::2',
      '::1:',
      '1.2.3.4:1::',
    ];
    for (const text of others) expect([text, canonicalAddress(text)]).toEqual([text, undefined]);
  });
});
