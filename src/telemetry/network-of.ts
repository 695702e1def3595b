/**
 * The network of an address, as an address: what is left of somebody when he is not to be told from his neighbours.
 */
import { isIPv4, isIPv6 } from 'node:net';

/** Groups of an IPv6 address that are kept: 48 bits, which is what one customer mostly has. */
const keptGroups = 3;

/** `192.0.2.0`, `2001:db8:1::`; `-` for what is no address, which says nothing of anybody. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (isIPv4(plain)) return `${plain.slice(0, plain.lastIndexOf('.'))}.0`;
  const [bare = ''] = address.split('%', 1);
  if (!isIPv6(bare)) return '-';
  const [head = '', tail] = bare.split('::', 2);
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  // The last two groups may be written as an IPv4 address.
  const length = before.length + after.length + (bare.includes('.') ? 1 : 0);
  const zeros = Array.from({ length: 8 - length }, () => '0');
  const kept = [...before, ...zeros, ...after].slice(0, keptGroups);
  const groups = kept.map((group) => Number.parseInt(group, 16).toString(16));
  while (groups.at(-1) === '0') groups.pop();
  return `${groups.join(':')}::`;
}
