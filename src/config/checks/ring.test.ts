import { describe, expect, test } from 'bun:test';
import { nats, npm } from '../define.ts';
import { formatMistake } from '../mistake.ts';
import { parseNetwork } from '../network.ts';

const origin = { role: 'origin', listen: [{ port: 1 }] };
const secret = 'x'.repeat(32);

function mistakes(config: object): string[] {
  const input = { secret, nodes: { origin }, routes: [npm()], ...config };
  const result = parseNetwork(input, { configDir: '/etc/meridian', env: {}, overrides: {} });
  return result.ok ? [] : result.mistakes.map(formatMistake);
}

describe('a ring', () => {
  const url = (name: string) => `http://${name}.example`;
  const pop = (name: string, ring: object, more: object = {}) => ({
    role: 'pop',
    parents: ['origin'],
    listen: [{ port: 80 }],
    url: url(name),
    ring: { name: 'lhr', port: 7946, ...ring },
    ...more,
  });
  const network = (a: object, b: object) => ({
    nodes: { origin: { ...origin, url: url('o') }, a, b },
    bus: nats({ servers: ['nats://a.example'] }),
  });

  test('has nodes of one role on any number of machines', () => {
    const a = pop('a', { host: '10.0.0.1' }, { workers: 4 });
    const b = pop(
      'b',
      { host: '0.0.0.0', address: 'http://10.0.0.2:7946', capacity: 2 },
      { workers: 'auto' },
    );
    expect(mistakes(network(a, b))).toEqual([]);
    const here = (port: number) => ({ ...pop('a', { port }), listen: [{ port: port + 100 }] });
    expect(mistakes(network({ ...here(7946), workers: 2 }, here(7948)))).toEqual([]);
  });

  const fine = pop('b', { host: '10.0.0.2' });
  const wrong: [string, object, object, string][] = [
    [
      'all addresses, without one to be reached at',
      pop('a', { host: '::' }),
      fine,
      'nodes.a.ring.address: expected the address under which the other nodes of the ring reach the first worker, found nothing, and :: is no address to connect to. Such as http://10.0.0.5:7946',
    ],
    [
      'an address that other machines do not reach',
      pop('a', {}),
      fine,
      'nodes.a.ring.address: expected the address under which the other nodes of the ring reach the first worker, found 127.0.0.1, and b is on another machine. Such as http://10.0.0.5:7946',
    ],
    [
      'an address with a path',
      pop('a', { host: '10.0.0.1', address: 'http://10.0.0.1:1/ring' }),
      fine,
      'nodes.a.ring.address: expected http://, a host and a port, without a path, found http://10.0.0.1:1/ring',
    ],
    [
      'no port for its last worker',
      pop('a', { host: '10.0.0.1', port: 65_535 }, { workers: 2 }),
      fine,
      'nodes.a.ring.port: expected a port with one after it for each further worker, found 65535',
    ],
    [
      'the port of a listener',
      pop('a', { host: '10.0.0.1', port: 7945 }, { workers: 2, listen: [{ port: 7946, host: '0.0.0.0' }] }),
      fine,
      'nodes.a.ring.port: expected a port of its own, found 7946, the port of nodes.a.listen[0]',
    ],
    [
      'a shield among PoPs',
      pop('a', { host: '10.0.0.1' }),
      { ...fine, role: 'shield' },
      "nodes.b.ring.name: expected the name of a ring of shields, or a new one, found 'lhr', the ring of a, a pop",
    ],
    [
      'different numbers of places',
      pop('a', { host: '10.0.0.1', virtualNodes: 200 }),
      fine,
      'nodes.b.ring.virtualNodes: expected 200, as a has it, found 160',
    ],
  ];
  test.each(wrong)('does not have %s', (_, a, b, expected) => {
    expect(mistakes(network(a, b))).toEqual([expected]);
  });

  const files = { cert: 'c.pem', key: 'k.pem' };
  const secure = { tls: { ...files, clientCa: 'ca.pem' } };
  const overTls = (name: string, host: string, ring: object = {}) =>
    pop(name, { host, ...secure, ...ring }, { tls: { ...files, ca: 'ca.pem' } });

  test('may have members that reach each other over TLS alone', () => {
    const b = overTls('b', '0.0.0.0', { address: 'https://10.0.0.2:7946' });
    expect(mistakes(network(overTls('a', '10.0.0.1'), b))).toEqual([]);
  });

  const insecure: [string, object, object, string][] = [
    [
      'an address of another scheme',
      overTls('a', '10.0.0.1', { address: 'http://10.0.0.1:7946' }),
      overTls('b', '10.0.0.2'),
      'nodes.a.ring.address: expected https://, because there is `tls` in this ring, found http://10.0.0.1:7946',
    ],
    [
      'https:// without a certificate',
      pop('a', { host: '10.0.0.1', address: 'https://10.0.0.1:7946' }),
      fine,
      'nodes.a.ring.address: expected http://, because there is no `tls` in this ring, found https://10.0.0.1:7946',
    ],
    [
      'some members without it',
      pop('a', { host: '10.0.0.1', tls: files }),
      fine,
      'nodes.b.ring.tls: expected files, as a has it, found nothing',
    ],
    [
      'a member that has nothing to show to those who ask for it',
      overTls('a', '10.0.0.1'),
      pop('b', { host: '10.0.0.2', ...secure }),
      'nodes.b.tls.cert: expected a PEM file, because a lets only members into the ring that show a certificate, found nothing',
    ],
  ];
  test.each(insecure)('over TLS does not have %s', (_, a, b, expected) => {
    expect(mistakes(network(a, b))).toEqual([expected]);
  });

  test('does not have origins', () => {
    const ring = { name: 'lhr', port: 7946 };
    expect(mistakes({ nodes: { origin: { ...origin, ring } } })).toEqual([
      'nodes.origin.ring: expected none, because an origin is one process that keeps everything, found a ring',
    ]);
  });
});
