import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { canonicalAddress } from './cidr.ts';
import { maxProxyHeaderBytes, type ProxyHeader, parseProxyHeader } from './proxy-protocol.ts';

const latin1 = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));
const parseText = (text: string) => parseProxyHeader(latin1(text));
const whole = (lengthBytes: number, client: string | null): ProxyHeader => ({
  state: 'whole',
  lengthBytes,
  client,
});

describe('version 1', () => {
  test('names the client of a connection over IPv4', () => {
    const line = 'PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n';
    expect(parseText(`${line}GET / HTTP/1.1\r\n`)).toEqual(whole(line.length, '192.0.2.1'));
  });

  test('names the client of a connection over IPv6, in its canonical form', () => {
    const line = 'PROXY TCP6 2001:DB8:0:0::1 2001:db8::2 1 65535\r\n';
    expect(parseText(line)).toEqual(whole(line.length, '2001:db8::1'));
  });

  test('ignores whatever follows UNKNOWN', () => {
    for (const line of ['PROXY UNKNOWN\r\n', 'PROXY UNKNOWN a b c d\r\n', 'PROXY UNKNOWN  \r\n']) {
      expect(parseText(line)).toEqual(whole(line.length, null));
    }
  });

  test('takes the longest line that there can be, and none that is longer', () => {
    const full = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';
    const longest = `PROXY UNKNOWN ${full} ${full} 65535 65535\r\n`;
    expect(longest.length).toBe(107);
    expect(parseText(longest)).toEqual(whole(107, null));
    expect(parseText(`PROXY UNKNOWN${' '.repeat(93)}\r\n`).state).toBe('malformed');
    expect(parseText('PROXY TCP4 '.padEnd(106, '1')).state).toBe('partial');
    expect(parseText('PROXY TCP4 '.padEnd(107, '1')).state).toBe('malformed');
  });

  const wrong = [
    'PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\n',
    'PROXY  TCP4 192.0.2.1 198.51.100.1 56324 443\r\n',
    'PROXY TCP4  192.0.2.1 198.51.100.1 56324 443\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 56324 443 \r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 56324 443 80\r\n',
    'PROXY TCP4 2001:db8::1 2001:db8::2 56324 443\r\n',
    'PROXY TCP4 192.0.2.1 2001:db8::2 56324 443\r\n',
    'PROXY TCP6 192.0.2.1 198.51.100.1 56324 443\r\n',
    'PROXY TCP6 fe80::1%eth0 2001:db8::2 56324 443\r\n',
    'PROXY TCP4 192.0.2.256 198.51.100.1 56324 443\r\n',
    'PROXY TCP4 192.0.2.01 198.51.100.1 56324 443\r\n',
    'PROXY TCP4 localhost 198.51.100.1 56324 443\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 65536 443\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 056324 443\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 -1 443\r\n',
    'PROXY TCP4 192.0.2.1\t198.51.100.1 56324 443\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\0\r\n',
    'PROXY UDP4 192.0.2.1 198.51.100.1 56324 443\r\n',
    'PROXY tcp4 192.0.2.1 198.51.100.1 56324 443\r\n',
    'proxy TCP4 192.0.2.1 198.51.100.1 56324 443\r\n',
    'PROXY UNKNOWNS\r\n',
    'PROXY UNKNOWN\t\r\n',
    'PROXY \r\n',
    'GET / HTTP/1.1\r\n',
    ' PROXY UNKNOWN\r\n',
    '\r\nPROXY UNKNOWN\r\n',
  ];
  for (const line of wrong) {
    test(`refuses ${JSON.stringify(line)}`, () => expect(parseText(line).state).toBe('malformed'));
  }
});

const signature = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];

function binary(command: number, family: number, rest: readonly number[], length = rest.length): Uint8Array {
  return Uint8Array.from([...signature, command, family, length >> 8, length & 255, ...rest]);
}

const ipv4 = [192, 0, 2, 1, 198, 51, 100, 1, 0xdc, 0x04, 0x01, 0xbb];
const ipv6 = [0x20, 0x01, 0x0d, 0xb8, ...new Array<number>(32).fill(0)];
const extension = (type: number, value: readonly number[]) => [
  type,
  value.length >> 8,
  value.length & 255,
  ...value,
];

describe('version 2', () => {
  test('names the client of a connection over IPv4', () => {
    expect(parseProxyHeader(binary(0x21, 0x11, ipv4))).toEqual(whole(28, '192.0.2.1'));
  });

  test('names the client of a connection over IPv6', () => {
    expect(parseProxyHeader(binary(0x21, 0x21, ipv6))).toEqual(whole(52, '2001:db8::'));
  });

  test('leaves out the bytes behind the header', () => {
    const bytes = Uint8Array.from([...binary(0x21, 0x11, ipv4), 0x16, 0x03, 0x01]);
    expect(parseProxyHeader(bytes)).toEqual(whole(28, '192.0.2.1'));
  });

  test('passes over extensions, whatever they hold', () => {
    const extensions = [
      ...extension(0x04, [0, 0, 0]),
      ...extension(0xea, [1, ...latin1('vpce-1')]),
      0x05,
      0,
      0,
    ];
    const bytes = binary(0x21, 0x11, [...ipv4, ...extensions]);
    expect(parseProxyHeader(bytes)).toEqual(whole(bytes.length, '192.0.2.1'));
  });

  test('reads what AWS PrivateLink sends', () => {
    const sent =
      '0d0a0d0a000d0a515549540a21110054ac1f0771ac1f0a1fc8f20050030004e8d6892dea001701767063652d30386432626631356661' +
      `63353030316339040024${'00'.repeat(36)}`;
    expect(parseProxyHeader(Uint8Array.fromHex(sent))).toEqual(whole(100, '172.31.7.113'));
  });

  test('takes LOCAL for what the sender says for itself, and does not look at the rest', () => {
    for (const family of [0x00, 0x11, 0x31, 0xff]) {
      expect(parseProxyHeader(binary(0x20, family, ipv4))).toEqual(whole(28, null));
    }
    expect(parseProxyHeader(binary(0x20, 0x00, []))).toEqual(whole(16, null));
  });

  test('knows no client behind UNSPEC and UNIX', () => {
    expect(parseProxyHeader(binary(0x21, 0x00, []))).toEqual(whole(16, null));
    const unix = new Array<number>(216).fill(0x2f);
    expect(parseProxyHeader(binary(0x21, 0x31, unix))).toEqual(whole(232, null));
  });

  const wrong: Record<string, Uint8Array> = {
    'version 1 in binary': binary(0x11, 0x11, ipv4),
    'version 3': binary(0x31, 0x11, ipv4),
    'an unknown command': binary(0x22, 0x11, ipv4),
    'an unknown family': binary(0x21, 0x41, ipv4),
    'an unknown transport': binary(0x21, 0x13, ipv4),
    'a datagram': binary(0x21, 0x12, ipv4),
    'IPv4 without a port': binary(0x21, 0x11, ipv4.slice(0, 10)),
    'IPv6 with IPv4 addresses': binary(0x21, 0x21, ipv4),
    'UNIX that is too short': binary(0x21, 0x31, ipv4),
    'an extension without a length': binary(0x21, 0x11, [...ipv4, 0x04, 0x00]),
    'an extension that is longer than the header': binary(0x21, 0x11, [...ipv4, 0x04, 0x00, 0x02, 0x00]),
    'more than 16 KiB': binary(0x21, 0x11, [], 0xffff),
    'a signature with one wrong byte': Uint8Array.from(binary(0x21, 0x11, ipv4), (byte, at) =>
      at === 9 ? 0 : byte,
    ),
  };
  for (const [what, bytes] of Object.entries(wrong)) {
    test(`refuses ${what}`, () => expect(parseProxyHeader(bytes).state).toBe('malformed'));
  }
});

describe('whatever comes', () => {
  const anyHeader = fc.oneof(
    fc
      .tuple(fc.ipV4(), fc.ipV4(), fc.nat(65535), fc.nat(65535))
      .map(([a, b, p, q]) => ({ bytes: latin1(`PROXY TCP4 ${a} ${b} ${p} ${q}\r\n`), client: a })),
    fc
      .tuple(fc.ipV6(), fc.ipV6(), fc.nat(65535), fc.nat(65535))
      .map(([a, b, p, q]) => ({ bytes: latin1(`PROXY TCP6 ${a} ${b} ${p} ${q}\r\n`), client: a })),
    fc.uint8Array({ minLength: 12, maxLength: 12 }).map((addresses) => ({
      bytes: binary(0x21, 0x11, [...addresses]),
      client: addresses.subarray(0, 4).join('.'),
    })),
    fc
      .tuple(
        fc.uint8Array({ minLength: 36, maxLength: 36 }),
        fc.array(fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 300 })), { maxLength: 4 }),
      )
      .map(([addresses, extensions]) => {
        const rest = extensions.flatMap(([type, value]) => extension(type, [...value]));
        const groups = Array.from({ length: 8 }, (_, at) =>
          (((addresses[at * 2] ?? 0) << 8) | (addresses[at * 2 + 1] ?? 0)).toString(16),
        );
        return { bytes: binary(0x21, 0x21, [...addresses, ...rest]), client: groups.join(':') };
      }),
  );

  test('a proper header is understood, and every beginning of it is a beginning', () => {
    fc.assert(
      fc.property(
        anyHeader,
        fc.uint8Array({ maxLength: 20 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (header, rest, where) => {
          const { bytes, client } = header;
          const expected = whole(bytes.length, canonicalAddress(client) ?? null);
          expect(parseProxyHeader(Uint8Array.from([...bytes, ...rest]))).toEqual(expected);
          const cut = Math.floor(where * bytes.length);
          if (cut < bytes.length) expect(parseProxyHeader(bytes.subarray(0, cut)).state).toBe('partial');
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('no bytes make it fail, or take more than there are', () => {
    const start = fc.constantFrom([], [...latin1('PROXY ')], [...latin1('PROXY TCP4 ')], signature, [
      ...signature,
      0x21,
      0x11,
    ]);
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 300 }), (beginning, rest) => {
        const bytes = Uint8Array.from([...beginning, ...rest]);
        const header = parseProxyHeader(bytes);
        if (header.state === 'whole') expect(header.lengthBytes).toBeLessThanOrEqual(bytes.length);
        if (header.state === 'partial') expect(bytes.length).toBeLessThan(maxProxyHeaderBytes);
      }),
      { numRuns: 10_000 },
    );
  });

  test('more bytes never change what was understood, nor mend what was malformed', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 130 }),
        fc.uint8Array({ maxLength: 30 }),
        fc.boolean(),
        (bytes, more, text) => {
          const beginning = text ? Uint8Array.from([...latin1('PROXY UNKNOWN '), ...bytes]) : bytes;
          const before = parseProxyHeader(beginning);
          const after = parseProxyHeader(Uint8Array.from([...beginning, ...more]));
          if (before.state === 'whole') expect(after).toEqual(before);
          if (before.state === 'malformed') expect(after.state).toBe('malformed');
        },
      ),
      { numRuns: 5_000 },
    );
  });
});
