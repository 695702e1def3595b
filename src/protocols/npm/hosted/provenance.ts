/**
 * Provenance that comes along with a version (`npm publish --provenance`): a Sigstore bundle that says how the tarball was
 * built. It has to be about this tarball; whether its signature is to be believed, clients check for themselves
 * (`npm audit signatures`), as they have the roots of trust.
 */
import { z } from 'zod';
import { attestationsUrl } from '../packument.ts';
import type { Attached } from './publication.ts';
import { Refusal } from './refusal.ts';

const bundleSchema = z.looseObject({
  mediaType: z.string(),
  dsseEnvelope: z.looseObject({ payload: z.base64(), payloadType: z.string() }),
});

const statementSchema = z.looseObject({
  predicateType: z.string(),
  subject: z
    .array(z.looseObject({ name: z.string(), digest: z.looseObject({ sha512: z.string() }) }))
    .length(1),
});

export interface Provenance {
  /** `dist.attestations` of the version. */
  readonly link: { readonly url: string; readonly provenance: { readonly predicateType: string } };
  /** The answer at that URL. */
  readonly document: { readonly attestations: readonly { predicateType: string; bundle: unknown }[] };
}

export function readProvenance(
  attached: readonly Attached[],
  name: string,
  version: string,
  sha512: string,
): Provenance | null {
  const others = attached.filter(({ file }) => !file.endsWith('.tgz'));
  const [only, ...more] = others;
  if (only === undefined) return null;
  if (more.length > 0 || !only.file.endsWith('.sigstore')) {
    throw new Refusal(400, 'Besides the tarball, one provenance bundle (.sigstore) may be attached.');
  }
  const bundle = bundleSchema.safeParse(parse(only.data ?? ''));
  if (!bundle.success) throw new Refusal(400, 'The provenance is no Sigstore bundle.');
  const payload = Buffer.from(bundle.data.dsseEnvelope.payload, 'base64').toString('utf8');
  const statement = statementSchema.safeParse(parse(payload));
  if (!statement.success)
    throw new Refusal(400, 'The provenance holds no in-toto statement about one package.');
  const { predicateType, subject } = statement.data;
  const about = subject[0];
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  if (about?.name !== purl || about.digest.sha512 !== sha512) {
    throw new Refusal(400, `The provenance is about ${about?.name}, or about another tarball of ${purl}.`);
  }
  return {
    link: { url: attestationsUrl(name, version), provenance: { predicateType } },
    document: { attestations: [{ predicateType, bundle: bundle.data }] },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // Which no schema takes.
  }
}
