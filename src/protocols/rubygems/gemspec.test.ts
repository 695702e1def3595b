import { describe, expect, test } from 'bun:test';
import { readGemspec } from './gemspec.ts';

const yaml = (more = '') => `--- !ruby/object:Gem::Specification
name: acme-ui
version: !ruby/object:Gem::Version
  version: '1.10'
platform: ruby
authors:
- Ann
date: 2026-11-22 00:00:00.000000000 Z
dependencies:
- !ruby/object:Gem::Dependency
  name: rack
  requirement: &1 !ruby/object:Gem::Requirement
    requirements:
    - - "~>"
      - !ruby/object:Gem::Version
        version: '2.0'
  type: :runtime
  prerelease: false
  version_requirements: *1
email: ann@acme.example
required_ruby_version: !ruby/object:Gem::Requirement
  requirements:
  - - ">="
    - !ruby/object:Gem::Version
      version: 2.7.0
metadata: {}
summary: 'A: "summary"'
${more}`;

const read = (text: string) => readGemspec(new Uint8Array(Buffer.from(text)));

test('a specification says what it says, of old and of today', () => {
  expect(read(yaml())).toMatchObject({
    ...{ name: 'acme-ui', version: '1.10', platform: 'ruby', ruby: ['>= 2.7.0'], rubygems: ['>= 0'] },
    ...{ email: ['ann@acme.example'], summary: 'A: "summary"', dateMs: Date.UTC(2026, 10, 22) },
    dependencies: [{ name: 'rack', requirements: ['~> 2.0'], type: 'runtime' }],
  });
});

test('what texts say is theirs: no tag in them is one', () => {
  const description = 'description: |-\n  Use it so:\n    page: !ruby/object:ERB\n  and so\n- ! not: a tag\n';
  expect(read(yaml(description.replace('- ! not: a tag\n', ''))).description).toContain('!ruby/object:ERB');
  expect(read(yaml("description: 'a: !ruby/object:ERB'\n")).description).toBe('a: !ruby/object:ERB');
});

describe('a specification is refused that', () => {
  const bad: Record<string, readonly [text: string, why: RegExp]> = {
    'names another class': [yaml('description: !ruby/object:ERB\n  src: x\n'), /class/],
    'names one in a list': [yaml('files:\n- !ruby/object:Gem::Installer x\n'), /class/],
    'names one as a key': [
      yaml('? !ruby/object:Gem::Requirement\n: 1\n!ruby/hash:Gem::Foo x: 1\n'),
      /class|YAML/,
    ],
    'has a number for a version': [
      yaml().replace("version: '1.10'", 'version: 1.10'),
      /version that is no text/,
    ],
    'has an operator that there is not': [yaml().replace('"~>"', '"; rm"'), /operator/],
    'depends on what cannot be a gem': [yaml().replace('name: rack', 'name: ../rack'), /cannot be a gem/],
    'is a list': ['- a\n', /no mapping/],
    'is not UTF-8': ['\xff', /mapping|UTF-8/],
  };
  for (const [what, [text, why]] of Object.entries(bad))
    test(what, () => expect(() => read(text)).toThrow(why));
});
