/**
 * The ecosystems of packages that the kit serves (`protocols/registry/`), as the config knows them. A new one is a file in `ecosystems/`, a
 * row in each of these two tables, a helper in `define-ecosystems.ts`, and its protocol in `node/ecosystems.ts`.
 */
import { z } from 'zod';
import { apt } from './ecosystems/apt.ts';
import { cargo } from './ecosystems/cargo.ts';
import { files } from './ecosystems/files.ts';
import { go } from './ecosystems/go.ts';
import { helm } from './ecosystems/helm.ts';
import { huggingface } from './ecosystems/huggingface.ts';
import { maven } from './ecosystems/maven.ts';
import { nuget } from './ecosystems/nuget.ts';
import { pypi } from './ecosystems/pypi.ts';
import { rubygems } from './ecosystems/rubygems.ts';
import { group } from './kinds.ts';
import { placed } from './schema-route.ts';

export const ecosystems = {
  pypi,
  go,
  cargo,
  maven,
  apt,
  rubygems,
  nuget,
  helm,
  huggingface,
  files,
};

export const ecosystemRoutes = [
  group('A route for Python packages.', {
    protocol: z.literal('pypi'),
    ...placed('pypi', '/pypi'),
    pypi: pypi.prefault({}),
  }),
  group('A route for Go modules.', {
    protocol: z.literal('go'),
    ...placed('go', '/go'),
    go: go.prefault({}),
  }),
  group('A route for Rust crates.', {
    protocol: z.literal('cargo'),
    ...placed('cargo', '/cargo'),
    cargo: cargo.prefault({}),
  }),
  group('A route for Java artifacts.', {
    protocol: z.literal('maven'),
    ...placed('maven', '/maven'),
    maven: maven.prefault({}),
  }),
  group('A route for Debian and Ubuntu packages.', {
    protocol: z.literal('apt'),
    ...placed('apt', '/apt'),
    apt: apt.prefault({}),
  }),
  group('A route for gems.', {
    protocol: z.literal('rubygems'),
    ...placed('rubygems', '/rubygems'),
    rubygems: rubygems.prefault({}),
  }),
  group('A route for .NET packages.', {
    protocol: z.literal('nuget'),
    ...placed('nuget', '/nuget'),
    nuget: nuget.prefault({}),
  }),
  group('A route for charts.', {
    protocol: z.literal('helm'),
    ...placed('helm', '/helm'),
    helm: helm.prefault({}),
  }),
  group('A route for models and data sets.', {
    protocol: z.literal('huggingface'),
    ...placed('huggingface', '/hf'),
    huggingface: huggingface.prefault({}),
  }),
  group('A route for files.', {
    protocol: z.literal('files'),
    ...placed('files', '/files'),
    files: files.prefault({}),
  }),
] as const;
