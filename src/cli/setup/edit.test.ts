/** Settings in files that are somebody else's. */
import { describe, expect, test } from 'bun:test';
import type { Setting, SettingsForm } from '../../guide.ts';
import { withoutSettings, withSettings } from './edit.ts';

const url = 'https://packages.example.com/npm/';
const registry: Setting = { key: 'registry', value: url };
const inToml: Setting = { section: 'install', key: 'registry', value: `"${url}"` };
const server: Setting = { key: 'npmRegistryServer', value: `"${url}"` };
const mirror: Setting = { key: 'registry-mirrors', value: `"${url}"`, isItem: true };
const host: Setting = { key: 'unsafeHttpWhitelist', value: '"127.0.0.1"', isItem: true };

const index: Setting = { section: 'global', key: 'index-url', value: url };
const cargo: readonly Setting[] = [
  { section: 'source.crates-io', key: 'replace-with', value: '"meridian"' },
  { section: 'source.meridian', key: 'registry', value: `"sparse+${url}"` },
  { section: 'registries.meridian', key: 'index', value: `"sparse+${url}"` },
];
const bundler: Setting = { key: 'BUNDLE_MIRROR__HTTPS://GEMS__EXAMPLE/', value: `"${url}"` };

interface Case {
  readonly what: string;
  readonly form: SettingsForm;
  readonly settings: readonly Setting[];
  readonly before: string;
  readonly after: string;
}

const cases: readonly Case[] = [
  { what: 'nothing', form: 'ini', settings: [registry], before: '', after: `registry=${url}\n` },
  {
    what: 'other settings, and a token',
    ...{ form: 'ini', settings: [registry] },
    before: '; mine\nfund=false\n//other.example/:_authToken=secret\n',
    after: `; mine\nfund=false\n//other.example/:_authToken=secret\nregistry=${url}\n`,
  },
  {
    what: 'another registry, and one of a scope',
    ...{ form: 'ini', settings: [registry] },
    before: '@acme:registry=https://a.example\n registry = https://b.example\nfund=false',
    after: `@acme:registry=https://a.example\nregistry=${url}\nfund=false`,
  },
  {
    what: 'a commented registry, and a section',
    ...{ form: 'ini', settings: [registry] },
    before: '#registry=https://a.example\n[other]\nregistry=x\n',
    after: `#registry=https://a.example\nregistry=${url}\n[other]\nregistry=x\n`,
  },
  {
    what: 'line ends of another system',
    ...{ form: 'ini', settings: [registry] },
    before: 'fund=false\r\naudit=false\r\n',
    after: `fund=false\r\naudit=false\r\nregistry=${url}\r\n`,
  },
  {
    what: 'a registry of yarn 1',
    ...{ form: 'yarnrc', settings: [{ key: 'registry', value: `"${url}"` }] },
    before: '# yarn lockfile v1\nregistry "https://a.example"\nlastUpdateCheck 1\n',
    after: `# yarn lockfile v1\nregistry "${url}"\nlastUpdateCheck 1\n`,
  },
  {
    what: 'a section of TOML',
    ...{ form: 'toml', settings: [inToml] },
    before: '[test]\nregistry = 1\n\n[install]\ncache = false\n',
    after: `[test]\nregistry = 1\n\n[install]\nregistry = "${url}"\ncache = false\n`,
  },
  {
    what: 'a section of pip’s, beside others',
    ...{ form: 'ini', settings: [index] },
    before:
      '[install]\nindex-url = https://a.example\n\n[global]\ntimeout = 60\nindex-url = https://b.example\n',
    after: `[install]\nindex-url = https://a.example\n\n[global]\ntimeout = 60\nindex-url=${url}\n`,
  },
  {
    what: 'another section, for a section and one more',
    ...{ form: 'ini', settings: [index, { section: 'distutils', key: 'index-servers', value: 'meridian' }] },
    before: '[list]\nformat = columns\n',
    after: `[list]\nformat = columns\n[global]\nindex-url=${url}\n[distutils]\nindex-servers=meridian\n`,
  },
  {
    what: 'cargo’s sources and registries',
    ...{ form: 'toml', settings: cargo },
    before: '[net]\nretry = 3\n\n[registries.other]\nindex = "sparse+https://a.example/"\n',
    after: `[net]\nretry = 3\n\n[registries.other]\nindex = "sparse+https://a.example/"\n[source.crates-io]\nreplace-with = "meridian"\n[source.meridian]\nregistry = "sparse+${url}"\n[registries.meridian]\nindex = "sparse+${url}"\n`,
  },
  {
    what: 'a source of cargo that is replaced already',
    ...{ form: 'toml', settings: cargo },
    before: '[source.crates-io]\nreplace-with = "other"\n',
    after: `[source.crates-io]\nreplace-with = "meridian"\n[source.meridian]\nregistry = "sparse+${url}"\n[registries.meridian]\nindex = "sparse+${url}"\n`,
  },
  {
    what: 'settings of go',
    ...{ form: 'ini', settings: [{ key: 'GOPROXY', value: url }] },
    before: 'GOFLAGS=-mod=mod\nGOPROXY=direct\n',
    after: `GOFLAGS=-mod=mod\nGOPROXY=${url}\n`,
  },
  {
    what: 'settings of Bundler',
    ...{ form: 'yaml', settings: [bundler] },
    before: '---\nBUNDLE_JOBS: "4"\n',
    after: `---\nBUNDLE_JOBS: "4"\nBUNDLE_MIRROR__HTTPS://GEMS__EXAMPLE/: "${url}"\n`,
  },
  {
    what: 'sources of gem',
    ...{ form: 'yaml', settings: [{ key: ':sources', value: url, isItem: true }] },
    before: '---\n:backtrace: false\n:sources:\n- https://gems.example/\n',
    after: `---\n:backtrace: false\n:sources:\n- ${url}\n- https://gems.example/\n`,
  },
  {
    what: 'no section of that name',
    ...{ form: 'toml', settings: [inToml] },
    before: 'telemetry = false\n',
    after: `telemetry = false\n[install]\nregistry = "${url}"\n`,
  },
  {
    what: 'lists of YAML',
    ...{ form: 'yaml', settings: [server, host] },
    before: 'nodeLinker: node-modules\nunsafeHttpWhitelist:\n  - "a.example"\n',
    after: `nodeLinker: node-modules\nunsafeHttpWhitelist:\n  - "127.0.0.1"\n  - "a.example"\nnpmRegistryServer: "${url}"\n`,
  },
  {
    what: 'a list in brackets',
    ...{ form: 'yaml', settings: [host] },
    before: 'unsafeHttpWhitelist: ["a.example"]\n',
    after: 'unsafeHttpWhitelist: ["127.0.0.1", "a.example"]\n',
  },
  {
    what: 'a list of JSON',
    ...{ form: 'json', settings: [mirror] },
    before: '{\n  "debug": true,\n  "registry-mirrors": [\n    "https://a.example"\n  ]\n}\n',
    after: `{\n  "debug": true,\n  "registry-mirrors": [\n    "${url}",\n    "https://a.example"\n  ]\n}\n`,
  },
  {
    what: 'no list',
    ...{ form: 'yaml', settings: [server, host] },
    before: '',
    after: `npmRegistryServer: "${url}"\nunsafeHttpWhitelist:\n  - "127.0.0.1"\n`,
  },
];

describe.each([...cases])('a file with $what', ({ form, settings, before, after }) => {
  const file = { form, settings };

  test('has the settings, and all that it had', () => {
    expect(withSettings(before, file)).toBe(after);
  });

  test('does not change when it has them already', () => {
    expect(withSettings(after, file)).toBe(after);
  });
});

// JSON has no comments.
describe.each(cases.filter(({ form }) => form !== 'json'))(
  'a file of lines with $what',
  ({ form, settings, before, after }) => {
    const file = { form, settings };

    test('has them no more, and what somebody has added since', () => {
      const [first = '', ...rest] = after.split(/(?<=\n)/);
      const comment = `# added${after.includes('\r\n') ? '\r\n' : '\n'}`;
      const edited = withoutSettings(first + comment + rest.join(''), before, file);
      const lines = (text: string) => text.split(/\r?\n/).filter((line) => line !== '' && line !== '# added');
      expect(lines(edited)).toEqual(lines(before));
      expect(edited).toContain(comment);
    });
  },
);

test('what somebody has set otherwise since stays as he has set it', () => {
  const before = 'registry=https://a.example\n';
  const now = 'registry=https://c.example\n';
  expect(withoutSettings(now, before, { form: 'ini', settings: [registry] })).toBe(now);
});

describe('a file of JSON', () => {
  const file = { form: 'json' as const, settings: [mirror] };

  test('loses what was set, and keeps what somebody has added since', () => {
    const now = withSettings('', file).replace('{', '{ "debug": true,');
    expect(JSON.parse(withoutSettings(now, '', file))).toEqual({ debug: true });
    const before = '{ "registry-mirrors": ["https://a.example"] }';
    expect(JSON.parse(withoutSettings(withSettings(before, file), before, file))).toEqual(JSON.parse(before));
    expect(JSON.parse(withoutSettings(withSettings(after(url), file), after(url), file))).toEqual(
      JSON.parse(after(url)),
    );
  });

  test('that is no JSON, or has something else in the place of a list, is left alone', () => {
    for (const text of ['{', '[]', '{ "registry-mirrors": "x" }'])
      expect(() => withSettings(text, file)).toThrow();
  });

  function after(mirrorUrl: string): string {
    return JSON.stringify({ 'registry-mirrors': [mirrorUrl] });
  }
});

test('a file of our own says what it is to say, whatever it said', () => {
  const file = {
    form: 'own' as const,
    settings: [
      { key: '', value: 'a' },
      { key: '', value: 'b' },
    ],
  };
  expect(withSettings('c\n', file)).toBe('a\nb\n');
});
