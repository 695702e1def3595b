import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import * as forms from './forms.ts';

type Form = (value: string) => string | undefined;

function table(name: string, form: Form, canonical: Record<string, string>, none: string[]): void {
  describe(name, () => {
    test.each(Object.entries(canonical))('%p becomes %p', (value, expected) =>
      expect(form(value)).toBe(expected),
    );
    test.each(none)('%p is none', (value) => expect(form(value)).toBeUndefined());
  });
}

table('a label', forms.label, { a: 'a', 'pop-1': 'pop-1', '9x': '9x' }, [
  '',
  'A',
  '-a',
  'a-',
  'a_b',
  'a.b',
  'a b',
  '__proto__',
  'a'.repeat(64),
]);

table(
  'a key/value server',
  forms.kvUrl,
  {
    'redis://a.example:6379': 'redis://a.example:6379',
    'rediss://[::1]:6379/': 'rediss://[::1]:6379',
    'nats://a:1,nats://b:2': 'nats://a:1,nats://b:2',
    'tls://a': 'tls://a',
  },
  [
    '',
    'a:6379',
    'http://a',
    'redis://',
    'redis://u:p@a:1',
    'redis://a:1/2',
    'redis://a:1,redis://b:1',
    'nats://a,redis://b',
    'nats://a:1,',
  ],
);

table(
  'a host to listen on',
  forms.listenHost,
  { '127.0.0.1': '127.0.0.1', '::': '::', '[::1]': '::1', Localhost: 'localhost' },
  ['', 'a b', '*', 'http://a', '1.2.3.4:80', '::1%eth0]'],
);

table(
  'a host pattern',
  forms.hostPattern,
  {
    'NPM.Example.com': 'npm.example.com',
    '*.example.com': '*.example.com',
    '10.0.0.1': '10.0.0.1',
    '[::1]': '[::1]',
  },
  ['', '*', '*.', 'a.*', 'a..b', '.a', 'a:80', '::1', '*.*.a', 'a/b', 'ä.example'],
);

table(
  'an authority',
  forms.authority,
  { 'A.example:8080': 'a.example:8080', 'a.example': 'a.example', '[::1]:80': '[::1]:80' },
  ['', ':80', 'a:', 'a:99999', 'a b', '*.a', 'a@b', 'a/b'],
);

table(
  'a URL',
  forms.httpUrl,
  {
    'http://a.example/': 'http://a.example',
    'HTTPS://A.example:443/npm/': 'https://a.example/npm',
    'http://a/@scope/x': 'http://a/@scope/x',
    'http://[::1]:8080': 'http://[::1]:8080',
    'http://a/b/../c': 'http://a/c',
  },
  [
    '',
    'a.example',
    'ftp://a',
    'http://',
    'http://u@a',
    'http://u:p@a',
    'http://@a',
    'http://a?q',
    'http://a/#',
    'http://a b',
    'http:\\\\a',
    '//a',
  ],
);

table(
  'a path prefix',
  forms.pathPrefix,
  { '': '', '/': '', '/npm': '/npm', '/npm/': '/npm', '/a/b.c/@d': '/a/b.c/@d' },
  ['npm', '//', '/a//b', '/a/../b', '/.', '/a?b', '/a#b', '/a%2fb', '/a b', '/ä'],
);

table(
  'an address block',
  forms.addressBlock,
  {
    '10.0.0.0/8': '10.0.0.0/8',
    '10.1.2.3': '10.1.2.3/32',
    'FD00::/8': 'fd00::/8',
    '::1': '::1/128',
    '0.0.0.0/0': '0.0.0.0/0',
  },
  ['', '10.0.0.0/33', '10.0.0/8', '::/129', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', 'a/8'],
);

table('a field value', forms.fieldValue, { 'Bearer abc': 'Bearer abc', x: 'x' }, [
  '',
  ' x',
  'x ',
  'a\r\nb',
  'a\0',
  'ä',
  'a\tb',
]);

table('a scope', forms.scope, { '@Acme': '@acme', '@a.b-c': '@a.b-c' }, [
  '',
  '@',
  'acme',
  '@a/b',
  '@.a',
  '@a b',
]);

test('a canonical form is its own canonical form', () => {
  const all: Form[] = [
    forms.label,
    forms.listenHost,
    forms.hostPattern,
    forms.authority,
    forms.httpUrl,
    forms.pathPrefix,
    forms.addressBlock,
    forms.fieldValue,
    forms.scope,
  ];
  const text = fc.oneof(fc.string(), fc.webUrl(), fc.domain(), fc.ipV4(), fc.ipV6(), fc.webPath());
  fc.assert(
    fc.property(text, fc.constantFrom(...all), (value, form) => {
      const once = form(value);
      if (once !== undefined) expect(form(once)).toBe(once);
    }),
    { numRuns: 10_000 },
  );
});

test('loopback is what only this machine can reach', () => {
  expect(['localhost', '127.0.0.1', '127.9.9.9', '::1'].every(forms.isLoopback)).toBe(true);
  expect(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example', 'example'].some(forms.isLoopback)).toBe(false);
});
