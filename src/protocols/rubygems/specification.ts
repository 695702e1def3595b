/** A `Gem::Specification` in Ruby's own format, for `gem`: what it has of `quick/Marshal.4.8/<full name>.gemspec.rz`. */
import { deflateSync } from 'node:zlib';
import type { Dependency, Gemspec } from './gemspec.ts';
import { marshal, type RubyValue } from './marshal.ts';

/** What RubyGems reads since 2.0. */
const specificationVersion = 4;

/** As `Gem::Specification#_dump` orders it. */
export function marshalledSpec(spec: Gemspec): Uint8Array {
  const fields: RubyValue = [
    spec.rubygemsVersion,
    specificationVersion,
    spec.name,
    rubyVersion(spec.version),
    { timeMs: spec.dateMs },
    spec.summary,
    requirement(spec.ruby),
    requirement(spec.rubygems),
    spec.platform,
    spec.dependencies.map(dependency),
    '', // once the project at RubyForge
    spec.email,
    spec.authors,
    spec.description,
    spec.homepage,
    true, // has documentation
    spec.platform,
    spec.licenses,
    { hash: Object.entries(spec.metadata) },
  ];
  return deflateSync(marshal({ of: 'Gem::Specification', bytes: marshal(fields) }));
}

function rubyVersion(version: string): RubyValue {
  return { dumped: 'Gem::Version', as: [version] };
}

function requirement(texts: readonly string[]): RubyValue {
  const pairs = texts.map((text): RubyValue => {
    const blank = text.indexOf(' ');
    return [text.slice(0, blank), rubyVersion(text.slice(blank + 1))];
  });
  return { dumped: 'Gem::Requirement', as: [pairs] };
}

function dependency({ name, requirements, type }: Dependency): RubyValue {
  const demanded = requirement(requirements);
  return {
    object: 'Gem::Dependency',
    variables: [
      ['@name', name],
      ['@requirement', demanded],
      ['@type', { symbol: type }],
      ['@prerelease', false],
      ['@version_requirements', demanded],
    ],
  };
}
