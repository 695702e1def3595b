/** What is meant by a package on the command line: its name, or one version of it as clients of containers write that. */

export interface Reference {
  readonly name: string;
  /** A tag or a digest; `null`: the package as a whole. */
  readonly version: string | null;
}

const digest = /^(.+?)(?::[\w.-]+)?@(sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128}))$/;
const tag = /^(.+):([A-Za-z0-9_][A-Za-z0-9._-]{0,127})$/;

/** `acme/app`, `acme/app:v1`, `acme/app@sha256:…`; a host may have a port (`registry.example:5000/team/app`). */
export function readReference(text: string): Reference {
  const [, name = text, version = null] = digest.exec(text) ?? tag.exec(text) ?? [];
  return { name, version };
}

/** Where it says by itself what it is: names of npm have a slash behind their scope alone, and neither tag nor digest. */
export function likelyRoute({ name, version }: Reference): string {
  return version !== null || (name.includes('/') && !name.startsWith('@')) ? 'oci' : 'npm';
}
