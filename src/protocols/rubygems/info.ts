/**
 * `/info/<gem>` of the compact index: a line for each build, in the order in which they were published.
 *
 *     1.2.0-java rack:>= 2&< 4,thor:~> 1.0|checksum:<sha256>,ruby:>= 3.0,rubygems:> 1.3.1,created_at:2026-05-01T12:00:00Z
 *
 * Source: the guide to the compact index, whose second format adds `created_at`.
 */
import { type Build, numberOf, readNumber } from './file-name.ts';

/** Where lines begin. */
const head = '---';

/** One build, as its line says it. */
export interface InfoLine extends Pick<Build, 'version' | 'platform'> {
  /** As it stands there, without the line break. */
  readonly text: string;
  /** SHA-256, lower-case hexadecimal; `null`: it says none. */
  readonly sha256: string | null;
  /** ms since the epoch; `null`: it does not say. */
  readonly createdMs: number | null;
  /** Names of the gems that it needs. */
  readonly needs: readonly string[];
}

/** What a line is made of. */
export interface InfoFacts extends Pick<Build, 'version' | 'platform'> {
  readonly dependencies: readonly Need[];
  readonly sha256: string;
  /** As `Gem::Requirement` has them: `>= 2.7`. Empty: any. */
  readonly ruby: readonly string[];
  readonly rubygems: readonly string[];
  readonly createdMs: number;
}

export interface Need {
  readonly name: string;
  /** `>= 0`: any. */
  readonly requirements: readonly string[];
}

/** Lines that are none are left out: a client would not understand them, either. */
export function readInfo(document: string): InfoLine[] {
  const lines = document.split('\n');
  const from = lines.indexOf(head) + 1;
  return lines.slice(from).flatMap((text) => readLine(text) ?? []);
}

function readLine(text: string): InfoLine | null {
  const [, number = '', needs = '', requirements = ''] = /^(\S+)(?: ([^|]*)(?:\|(.*))?)?$/.exec(text) ?? [];
  const build = readNumber(number);
  if (build === null) return null;
  const said = new Map(
    requirements.split(',').map((one) => [one.split(':', 1)[0]!, one.slice(one.indexOf(':') + 1)]),
  );
  const checksum = said.get('checksum') ?? '';
  const createdMs = Date.parse(said.get('created_at') ?? '');
  return {
    ...build,
    text,
    sha256: /^[0-9a-f]{64}$/i.test(checksum) ? checksum.toLowerCase() : null,
    createdMs: Number.isNaN(createdMs) ? null : createdMs,
    needs: needs === '' ? [] : needs.split(',').map((need) => need.split(':', 1)[0]!),
  };
}

export function writeInfo(lines: readonly string[]): string {
  return [head, ...lines, ''].join('\n');
}

/** As the registry itself writes it: dependencies by name, several requirements joined by `&`, what demands nothing left out. */
export function lineOf({ dependencies, sha256, ruby, rubygems, createdMs, ...build }: InfoFacts): string {
  const needs = dependencies
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map(({ name, requirements }) => `${name}:${joined(requirements)}`);
  const demands = [
    `checksum:${sha256}`,
    ...(isAny(ruby) ? [] : [`ruby:${joined(ruby)}`]),
    ...(isAny(rubygems) ? [] : [`rubygems:${joined(rubygems)}`]),
    `created_at:${new Date(createdMs).toISOString().replace(/\.\d+Z$/, 'Z')}`,
  ];
  return `${numberOf(build)} ${needs.join(',')}|${demands.join(',')}`;
}

function joined(requirements: readonly string[]): string {
  return requirements.length === 0 ? '>= 0' : requirements.toSorted().join('&');
}

function isAny(requirements: readonly string[]): boolean {
  return requirements.every((requirement) => requirement === '>= 0');
}
