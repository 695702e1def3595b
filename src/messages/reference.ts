/** What people call a package, an image, or one version of it. */
export interface Reference {
  readonly name: string;
  /** A version, a tag or a digest; `null`: the package as a whole. */
  readonly version: string | null;
}

const digest = /^(.+?)(?::[\w.-]+)?@(sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128}))$/;
const tag = /^(.+):([A-Za-z0-9_][A-Za-z0-9._-]{0,127})$/;
const versioned = /^(.+)@([^@/]+)$/;

/**
 * Images: `acme/app`, `acme/app:v1`, `acme/app@sha256:…`; a host may have a port (`registry.example:5000/team/app`). All others: `@acme/ui`,
 * `requests@2.32.0`, `org.example:thing@1.0`.
 */
export function readReference(text: string, protocol: string): Reference {
  const [, name = text, version = null] =
    (protocol === 'oci' ? (digest.exec(text) ?? tag.exec(text)) : versioned.exec(text)) ?? [];
  return { name, version };
}
