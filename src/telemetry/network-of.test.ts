import { expect, test } from 'bun:test';
import { isIP } from 'node:net';
import fc from 'fast-check';
import { networkOf } from './network-of.ts';

test.each([
  ['192.0.2.77', '192.0.2.0'],
  ['::ffff:192.0.2.77', '192.0.2.0'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1::'],
  ['2001:DB8:0001::6', '2001:db8:1::'],
  ['2001:db8::6', '2001:db8::'],
  ['fe80::1%eth0', 'fe80::'],
  ['::1', '::'],
  ['64:ff9b::192.0.2.77', '64:ff9b::'],
  ['unknown', '-'],
  ['', '-'],
  ['192.0.2.77, 10.0.0.1', '-'],
])('%p is in %p', (address, network) => expect(networkOf(address)).toBe(network));

test('an address of either kind is in a network that is one, and that is its own', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
      const network = networkOf(address);
      expect(isIP(network)).toBeGreaterThan(0);
      expect(networkOf(network)).toBe(network);
    }),
  );
});

test('addresses that differ in the last part alone are in the same one', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(0xffff), { minLength: 3, maxLength: 3 }), fc.nat(0xffff), (first, last) => {
      const prefix = first.map((group) => group.toString(16)).join(':');
      expect(networkOf(`${prefix}:${last.toString(16)}::`)).toBe(networkOf(`${prefix}::`));
    }),
  );
});
