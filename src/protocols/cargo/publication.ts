/**
 * What `cargo publish` says of a crate (doc.rust-lang.org/cargo/reference/registry-web-api.html#publish), and the line of the index that becomes of it, which
 * names some things otherwise.
 */
import { z } from 'zod';
import { objectionToCrate } from './name.ts';
import { versions } from './version.ts';

const text = z.string().max(64 * 1024);
const list = z.array(z.string().max(1024)).max(100);
const features = z.record(z.string().max(256), z.array(z.string().max(512)).max(2000));

const dependency = z.object({
  name: z.string().max(64),
  version_req: z.string().max(512),
  features: z.array(z.string().max(256)).max(2000).default([]),
  optional: z.boolean().default(false),
  default_features: z.boolean().default(true),
  target: z.string().max(1024).nullish(),
  kind: z.enum(['normal', 'dev', 'build']).nullish(),
  registry: z.string().max(1024).nullish(),
  explicit_name_in_toml: z.string().max(64).nullish(),
});

const publication = z.object({
  name: z.string(),
  vers: z.string(),
  deps: z.array(dependency).max(5000).default([]),
  features: features.default({}),
  authors: list.nullish(),
  description: text.nullish(),
  documentation: text.nullish(),
  homepage: text.nullish(),
  readme: z
    .string()
    .max(1024 * 1024)
    .nullish(),
  readme_file: text.nullish(),
  keywords: list.nullish(),
  categories: list.nullish(),
  license: text.nullish(),
  license_file: text.nullish(),
  repository: text.nullish(),
  badges: z.unknown().optional(),
  links: z.string().max(256).nullish(),
  rust_version: z.string().max(64).nullish(),
});

export type Publication = z.output<typeof publication>;

/** @returns a sentence where it is none. */
export function readPublication(json: Uint8Array): Publication | string {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch {
    return 'What it says of the crate is no JSON.';
  }
  const { data, error } = publication.safeParse(value);
  if (data === undefined) {
    const [issue] = error.issues;
    return `What it says of the crate is not as cargo says it: \`${issue?.path.join('.')}\`: ${issue?.message}.`;
  }
  const objection = objectionToCrate(data.name);
  if (objection !== null)
    return `${JSON.stringify(data.name.slice(0, 100))} is no name of a crate: it ${objection}.`;
  if (!versions.isVersion(data.vers))
    return `${JSON.stringify(data.vers.slice(0, 100))} is no version of a crate.`;
  const wrong = data.deps.find(
    ({ name, explicit_name_in_toml: renamed }) =>
      objectionToCrate(name) ?? (renamed && objectionToCrate(renamed)),
  );
  return wrong === undefined
    ? data
    : `It depends on ${JSON.stringify(wrong.name)}, which is no name of a crate.`;
}

/** Features of this kind are kept apart, for cargo before 1.60. */
const isNewFeature = ([, needs]: readonly [string, readonly string[]]) =>
  needs.some((each) => each.startsWith('dep:') || each.includes('?/'));

/** A line of the index, but for what is known later: `yanked`. */
export function indexLineOf(
  { name, vers, deps, links, rust_version, ...published }: Publication,
  { sha256, publishedMs }: { readonly sha256: string; readonly publishedMs: number },
) {
  const entries = Object.entries(published.features);
  const older = Object.fromEntries(entries.filter((entry) => !isNewFeature(entry)));
  const newer = Object.fromEntries(entries.filter(isNewFeature));
  return {
    ...{ name, vers, deps: deps.map(dependencyIn), cksum: sha256, features: older },
    ...(Object.keys(newer).length > 0 && { features2: newer, v: 2 }),
    ...(links != null && { links }),
    ...(rust_version != null && { rust_version }),
    pubtime: new Date(publishedMs).toISOString().replace(/\.\d+Z$/, 'Z'),
  };
}

function dependencyIn(dep: Publication['deps'][number]) {
  const {
    name,
    version_req,
    features,
    optional,
    default_features,
    target,
    kind,
    registry,
    explicit_name_in_toml,
  } = dep;
  const renamed = explicit_name_in_toml != null && explicit_name_in_toml !== name;
  return {
    ...{
      name: renamed ? explicit_name_in_toml : name,
      req: version_req,
      features,
      optional,
      default_features,
    },
    ...{ target: target ?? null, kind: kind ?? 'normal' },
    ...(registry != null && { registry }),
    ...(renamed && { package: name }),
  };
}
