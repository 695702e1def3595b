/** Routes for ecosystems of packages, as a `meridian.config.ts` writes them. */

import { apart, type Placement, type RouteInput } from './define-route.ts';

type Given<Id extends RouteInput['protocol']> = Extract<RouteInput, { protocol: Id }>;

export type PypiInput = Placement & NonNullable<Given<'pypi'>['pypi']>;
export type GoInput = Placement & NonNullable<Given<'go'>['go']>;
export type CargoInput = Placement & NonNullable<Given<'cargo'>['cargo']>;
export type MavenInput = Placement & NonNullable<Given<'maven'>['maven']>;
export type AptInput = Placement & NonNullable<Given<'apt'>['apt']>;
export type RubygemsInput = Placement & NonNullable<Given<'rubygems'>['rubygems']>;
export type NugetInput = Placement & NonNullable<Given<'nuget'>['nuget']>;
export type HelmInput = Placement & NonNullable<Given<'helm'>['helm']>;
export type HuggingfaceInput = Placement & NonNullable<Given<'huggingface'>['huggingface']>;
export type FileTreeInput = Placement & NonNullable<Given<'files'>['files']>;

/** A route for Python packages (pip, uv, Poetry, twine), at `/pypi`: `pypi({ hosted: { names: ['acme-*'] } })`. */
export function pypi(input: PypiInput = {}): Given<'pypi'> {
  const { place, settings } = apart(input);
  return { protocol: 'pypi', ...place, pypi: settings };
}

/** A route for Go modules, at `/go`: `go({ hosted: { names: ['example.com/acme/*'] } })`. */
export function go(input: GoInput = {}): Given<'go'> {
  const { place, settings } = apart(input);
  return { protocol: 'go', ...place, go: settings };
}

/** A route for Rust crates, at `/cargo`: `cargo({ hosted: { names: ['acme-*'] } })`. */
export function cargo(input: CargoInput = {}): Given<'cargo'> {
  const { place, settings } = apart(input);
  return { protocol: 'cargo', ...place, cargo: settings };
}

/** A route for Java artifacts (Maven, Gradle, sbt), at `/maven`: `maven({ hosted: { names: ['com.example*'] } })`. */
export function maven(input: MavenInput = {}): Given<'maven'> {
  const { place, settings } = apart(input);
  return { protocol: 'maven', ...place, maven: settings };
}

/** A route for Debian and Ubuntu packages, at `/apt`: `apt({ upstreams: [{ name: 'debian', url: 'https://archive.example.com/debian' }] })`. */
export function apt(input: AptInput = {}): Given<'apt'> {
  const { place, settings } = apart(input);
  return { protocol: 'apt', ...place, apt: settings };
}

/** A route for gems (gem, Bundler), at `/rubygems`: `rubygems({ hosted: { names: ['acme-*'] } })`. */
export function rubygems(input: RubygemsInput = {}): Given<'rubygems'> {
  const { place, settings } = apart(input);
  return { protocol: 'rubygems', ...place, rubygems: settings };
}

/** A route for .NET packages, at `/nuget`: `nuget({ hosted: { names: ['acme.*'] } })`. */
export function nuget(input: NugetInput = {}): Given<'nuget'> {
  const { place, settings } = apart(input);
  return { protocol: 'nuget', ...place, nuget: settings };
}

/** A route for charts in repositories with an `index.yaml`, at `/helm`; charts in registries of images come by `oci`: `helm({ upstreams: [{ url: 'https://charts.example.com' }] })`. */
export function helm(input: HelmInput = {}): Given<'helm'> {
  const { place, settings } = apart(input);
  return { protocol: 'helm', ...place, helm: settings };
}

/** A route for models and data sets (`HF_ENDPOINT`), at `/hf`: `huggingface({ match: { path: '/hf' } })`. */
export function huggingface(input: HuggingfaceInput = {}): Given<'huggingface'> {
  const { place, settings } = apart(input);
  return { protocol: 'huggingface', ...place, huggingface: settings };
}

/** A route for files of any kind, at `/files`: `fileTree({ hosted: { names: ['installers/*'] } })`. */
export function fileTree(input: FileTreeInput = {}): Given<'files'> {
  const { place, settings } = apart(input);
  return { protocol: 'files', ...place, files: settings };
}
