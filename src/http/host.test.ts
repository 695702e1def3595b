import { expect, test } from 'bun:test';
import { validAuthority } from './host.ts';

test('a host, with or without a port, is an authority', () => {
  const valid = [
    'example.com',
    'EXAMPLE.com:443',
    'localhost',
    'localhost:1',
    'a:65535',
    '192.0.2.1:8080',
    '[::1]',
    '[2001:db8::1]:8443',
    '[::ffff:192.0.2.1]',
    'xn--bcher-kva.example',
    'under_score.example.',
    'a%41b',
    "sub-delims!$&'()*+;=~",
    'a'.repeat(253),
  ];
  for (const host of valid) expect([host, validAuthority(host)]).toEqual([host, true]);
});

test('anything else is not', () => {
  const invalid = [
    '',
    ' ',
    'a, b',
    'a,b',
    'user@a',
    'user:secret@a',
    'a/b',
    'a/',
    'a?b',
    'a#b',
    'a b',
    ' a',
    'a ',
    'a\tb',
    'a\n',
    'a\\b',
    'a"b',
    'a<b',
    'bücher.example',
    'a%4',
    'a%zz',
    'a%',
    ':80',
    'a:',
    'a:0',
    'a:080',
    'a:65536',
    'a:100000',
    'a:80:80',
    'a:b',
    'a:+80',
    '::1',
    '[::1',
    '::1]',
    '[]',
    '[::1]x',
    '[::1]:',
    '[192.0.2.1]',
    '[example.com]',
    '[fe80::1%25eth0]',
    '[v1.a]',
    '[::1]:80]',
    'a'.repeat(261),
  ];
  for (const host of invalid) expect([host, validAuthority(host)]).toEqual([host, false]);
});
