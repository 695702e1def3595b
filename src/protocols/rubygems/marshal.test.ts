import { describe, expect, test } from 'bun:test';
import { gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { noRuby } from '../../../test/support/gem-repository.ts';
import { available } from '../../../test/support/needs.ts';
import type { Gemspec } from './gemspec.ts';
import { marshal } from './marshal.ts';
import { marshalledSpec } from './specification.ts';
import { readSpecs, writeSpecs } from './specs-index.ts';

/** What Ruby makes of it. */
async function inRuby(script: string, input: Uint8Array): Promise<Buffer> {
  const child = Bun.spawn(
    ['ruby', '-rrubygems', '-rjson', '-e', `STDIN.binmode; STDOUT.binmode; ${script}`],
    {
      ...{ stdin: new Blob([new Uint8Array(input)]), stdout: 'pipe', stderr: 'pipe' },
    },
  );
  const [out, said] = await Promise.all([new Response(child.stdout).arrayBuffer(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw new Error(said);
  return Buffer.from(out);
}

const spec: Gemspec = {
  ...{ name: 'acme-ui', version: '1.10.0', platform: 'x86_64-linux', summary: 'É', description: null },
  ...{ homepage: 'https://acme.example', authors: ['Ann'], email: ['ann@acme.example'], licenses: ['MIT'] },
  dependencies: [
    { name: 'rack', requirements: ['~> 2.0', '>= 2.0.1'], type: 'runtime' },
    { name: 'rake', requirements: ['>= 0'], type: 'development' },
  ],
  ...{
    ruby: ['>= 2.7', '< 4'],
    rubygems: ['>= 0'],
    metadata: { source_code_uri: 'https://acme.example/git' },
  },
  ...{ dateMs: Date.UTC(2026, 10, 22), rubygemsVersion: '3.3.15' },
};

describe.skipIf(!available('ruby', noRuby()))('Ruby reads', () => {
  test('numbers and texts', async () => {
    const values = [0, 1, 122, 123, 255, 256, 65_535, 70_000, 2 ** 29, 'é', '', true, false, null];
    const read = await inRuby('print Marshal.load(STDIN.read).to_json', marshal(values));
    expect(JSON.parse(read.toString())).toEqual(values);
  });

  test('a specification, as gem itself would have written it', async () => {
    const script = `s = Marshal.load(STDIN.read); print({
      full: s.full_name, date: s.date.to_s, summary: s.summary, ruby: s.required_ruby_version.to_s, license: s.license,
      needs: s.dependencies.map { |d| [d.name, d.requirement.to_s, d.type.to_s, d.prerelease?] }, meta: s.metadata,
      ok: s.required_ruby_version.satisfied_by?(Gem::Version.new('3.1')), platform: s.platform.to_s }.to_json)`;
    const read = JSON.parse((await inRuby(script, inflateSync(marshalledSpec(spec)))).toString());
    expect(read).toMatchObject({
      ...{ full: 'acme-ui-1.10.0-x86_64-linux', date: '2026-11-22 00:00:00 UTC', summary: 'É', ok: true },
      ...{
        ruby: '>= 2.7, < 4',
        platform: 'x86_64-linux',
        meta: { source_code_uri: 'https://acme.example/git' },
      },
      needs: [
        ['rack', '~> 2.0, >= 2.0.1', 'runtime', false],
        ['rake', '>= 0', 'development', false],
      ],
    });
  });

  test('lists, and its own lists are read here', async () => {
    const builds = [
      { name: 'a', version: '1.0', platform: 'ruby' },
      { name: 'b-é', version: '2.0.pre', platform: 'java' },
      { name: 'a', version: '1.1', platform: 'ruby' },
    ];
    const made = gunzipSync(await writeSpecs(builds));
    const read = await inRuby(
      'print Marshal.load(STDIN.read).map { |n, v, p| [n, v.to_s, p] }.to_json',
      made,
    );
    expect(JSON.parse(read.toString())).toEqual(
      builds.map((build) => [build.name, build.version, build.platform]),
    );

    const script = `n = 'a'; p = 'ruby'; v = Gem::Version.new('1.0')
      print Marshal.dump([[n, v, p], [n, Gem::Version.new('1.1'), p], ['b', v, 'java']])`;
    const theirs = gzipSync(await inRuby(script, new Uint8Array()));
    expect(await readSpecs(theirs, 10_000)).toEqual([
      { name: 'a', version: '1.0', platform: 'ruby' },
      { name: 'a', version: '1.1', platform: 'ruby' },
      { name: 'b', version: '1.0', platform: 'java' },
    ]);
  });
});

describe('a list is refused that', () => {
  const bad: Record<string, Uint8Array> = {
    'is no gzip': Buffer.from('plain'),
    'grows to far more than it is': gzipSync(Buffer.alloc(2_000_000)),
    'is in another format': gzipSync('\x04\x09['),
    'breaks off': gzipSync(marshal([['a', { dumped: 'Gem::Version', as: ['1'] }, 'ruby']]).subarray(0, 12)),
    'names another class': gzipSync(marshal([['a', { dumped: 'ERB', as: ['1'] }, 'ruby']])),
    'holds something else': gzipSync(marshal([['a', 1, 'ruby']])),
    'is longer than its bytes': gzipSync(Buffer.from([4, 8, 0x5b, 3, 0xff, 0xff, 0xff])),
    'is nested': gzipSync(Buffer.concat([Buffer.from([4, 8]), Buffer.alloc(50_000, Buffer.from([0x5b, 6]))])),
    'points to what is not there': gzipSync(Buffer.from([4, 8, 0x5b, 6, 0x40, 100])),
  };
  for (const [what, packed] of Object.entries(bad)) {
    test(what, () => expect(readSpecs(packed, 1_000_000)).rejects.toThrow(/./));
  }
});
