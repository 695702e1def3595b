/**
 * A gem's specification, out of the YAML that `gem build` writes (`metadata.gz`). Read as data: its tags may name the classes of RubyGems that a
 * specification is made of and nothing else, and none of them is made. Whatever a client could trip over is refused.
 */

import { isGemName, isPlatform } from './file-name.ts';
import type { Need } from './info.ts';
import { versions as gemOrder } from './version.ts';

export interface Gemspec {
  readonly name: string;
  readonly version: string;
  readonly platform: string;
  readonly summary: string;
  readonly description: string | null;
  readonly homepage: string | null;
  readonly authors: readonly string[];
  readonly email: readonly string[];
  readonly licenses: readonly string[];
  readonly dependencies: readonly Dependency[];
  /** As `Gem::Requirement` has them: `>= 2.7`. */
  readonly ruby: readonly string[];
  readonly rubygems: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** ms since the epoch. */
  readonly dateMs: number;
  /** Which RubyGems has built it. */
  readonly rubygemsVersion: string;
}

export interface Dependency extends Need {
  readonly type: 'runtime' | 'development';
}

/** Completes "The gem's specification …". */
export class GemspecError extends Error {}

/** More than the specification of a gem with many files has. */
export const maxMetadataBytes = 4 * 1024 * 1024;
const maxDependencies = 1_000;
const maxTextChars = 100_000;

const operators = /^(?:=|!=|>|<|>=|<=|~>)$/;

/** @throws {GemspecError} */
export function readGemspec(bytes: Uint8Array): Gemspec {
  const fields = record(parse(bytes), 'is no mapping');
  const name = text(fields['name'], 'name');
  if (!isGemName(name) || !/[A-Za-z]/.test(name))
    throw new GemspecError(`has a name that none may have: ${short(name)}`);
  const version = versionIn(fields['version'], 'version');
  const platform = platformIn(fields['platform']);
  return {
    ...{ name, version, platform },
    summary: optional(fields['summary'], 'summary') ?? '',
    description: optional(fields['description'], 'description'),
    homepage: optional(fields['homepage'], 'homepage'),
    authors: texts(fields['authors'], 'authors'),
    email: texts(fields['email'], 'email'),
    licenses: texts(fields['licenses'], 'licenses'),
    dependencies: dependenciesIn(fields['dependencies']),
    ruby: requirementsIn(fields['required_ruby_version'], 'required_ruby_version'),
    rubygems: requirementsIn(fields['required_rubygems_version'], 'required_rubygems_version'),
    metadata: metadataIn(fields['metadata']),
    dateMs: dateIn(fields['date']),
    rubygemsVersion: optional(fields['rubygems_version'], 'rubygems_version') ?? '0',
  };
}

function parse(bytes: Uint8Array): unknown {
  if (bytes.length > maxMetadataBytes) throw new GemspecError(`is longer than ${maxMetadataBytes} bytes`);
  let yaml: string;
  try {
    yaml = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new GemspecError('is not UTF-8', { cause });
  }
  const foreign = foreignTag(yaml);
  if (foreign !== null)
    throw new GemspecError(`names a class that specifications have no use for: ${short(foreign)}`);
  try {
    // Bounds what aliases come to ("excessive aliasing") and fails where nesting is too deep.
    return Bun.YAML.parse(yaml);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new GemspecError(`is not YAML that can be read (${short(why)})`, { cause });
  }
}

const tagged = /(?:^|[\s\-:?,[{&])(![^\s,\]}]*)/g;
const known =
  /^!ruby\/object:Gem::(?:Specification|Version|Version::Requirement|Requirement|Dependency|Platform)$/;
const blockScalar = /(?:^|[:\-?]\s+|\s)[|>][0-9+-]{0,2}\s*(?:#.*)?$/;

/** The first tag that is none of RubyGems', outside of quotes and blocks of text. */
function foreignTag(yaml: string): string | null {
  let blockIndent = -1;
  for (const line of yaml.split('\n')) {
    const indent = line.search(/\S/);
    if (blockIndent >= 0 && (indent < 0 || indent > blockIndent)) continue;
    blockIndent = -1;
    const bare = line.replace(/"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'/g, '""');
    // A tag stands before its value; `!` inside of a plain text is none.
    const value = /^\s*(?:- +)*(?:[^\s:#"'][^:#"']*:(?: +|$)|""\s*:(?: +|$))?(.*)$/.exec(bare)?.[1] ?? '';
    if (/^(?:[&!?[{-]|<<)/.test(value) || bare.startsWith('---')) {
      for (const [, tag = ''] of bare.matchAll(tagged)) if (!known.test(tag)) return tag;
    }
    if (blockScalar.test(bare)) blockIndent = Math.max(indent, 0);
  }
  return null;
}

function versionIn(value: unknown, of: string): string {
  const version = text(record(value, `has a ${of} that is none`)['version'], of);
  if (!gemOrder.isVersion(version)) throw new GemspecError(`has a ${of} that is none: ${short(version)}`);
  return version.replaceAll('-', '.pre.');
}

/** A word, or an object of old: `cpu`, `os`, `version`. */
function platformIn(value: unknown): string {
  const written =
    typeof value === 'object' && value !== null
      ? ['cpu', 'os', 'version']
          .flatMap((part) => optional(record(value, '')[part], 'platform') ?? [])
          .join('-')
      : (optional(value, 'platform') ?? 'ruby');
  if (!isPlatform(written)) throw new GemspecError(`has a platform that is none: ${short(written)}`);
  return written;
}

function dependenciesIn(value: unknown): readonly Dependency[] {
  const items = list(value, 'dependencies');
  if (items.length > maxDependencies) throw new GemspecError(`has more than ${maxDependencies} dependencies`);
  return items.map((item) => {
    const fields = record(item, 'has a dependency that is none');
    const name = text(fields['name'], 'name of a dependency');
    if (!isGemName(name)) throw new GemspecError(`depends on what cannot be a gem: ${short(name)}`);
    const requirement = fields['requirement'] ?? fields['version_requirements'];
    return {
      name,
      requirements: requirementsIn(requirement, `dependency on ${name}`),
      type: fields['type'] === ':development' || fields['type'] === 'development' ? 'development' : 'runtime',
    };
  });
}

function requirementsIn(value: unknown, of: string): readonly string[] {
  if (value === undefined || value === null) return ['>= 0'];
  const pairs = list(record(value, `has a ${of} that is none`)['requirements'], of);
  const read = pairs.map((pair) => {
    const [operator, version] = list(pair, of);
    if (typeof operator !== 'string' || !operators.test(operator)) {
      throw new GemspecError(`has a ${of} with an operator that there is not`);
    }
    return `${operator} ${versionIn(version, of)}`;
  });
  return read.length === 0 ? ['>= 0'] : read;
}

function metadataIn(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {};
  const entries = Object.entries(record(value, 'has metadata that are no mapping'));
  if (entries.length > 100) throw new GemspecError('has more than 100 metadata');
  return Object.fromEntries(entries.map(([key, item]) => [key, text(item, `metadata ${short(key)}`)]));
}

function dateIn(value: unknown): number {
  const day = /^\d{4}-\d{2}-\d{2}/.exec(value instanceof Date ? value.toISOString() : String(value))?.[0];
  const dateMs = Date.parse(day ?? '');
  return Number.isNaN(dateMs) ? 0 : dateMs;
}

function texts(value: unknown, of: string): readonly string[] {
  if (typeof value === 'string') return [text(value, of)];
  return list(value ?? [], of).flatMap((item) => (item === null ? [] : text(item, of)));
}

function optional(value: unknown, of: string): string | null {
  return value === undefined || value === null ? null : text(value, of);
}

function text(value: unknown, of: string): string {
  if (typeof value !== 'string') throw new GemspecError(`has a ${of} that is no text`);
  if (value.length > maxTextChars)
    throw new GemspecError(`has a ${of} of more than ${maxTextChars} characters`);
  return value;
}

function list(value: unknown, of: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new GemspecError(`has ${of} that are no list`);
  return value;
}

function record(value: unknown, otherwise: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new GemspecError(otherwise);
  return { ...value };
}

function short(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}
