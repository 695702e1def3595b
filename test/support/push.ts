/** Pushes to a registry over HTTP what no client of Debian's can: artifacts of any type, about others. */
import { bearer } from './access.ts';

export interface Artifact {
  readonly artifactType?: string;
  /** Media type and text of each layer. */
  readonly layers: readonly (readonly [mediaType: string, text: string])[];
  /** Of its config. */
  readonly config?: object;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Tag or digest, in the same repository, of what it is about. */
  readonly about?: string;
}

export const imageType = 'application/vnd.oci.image.manifest.v1+json';
const configType = 'application/vnd.oci.image.config.v1+json';

/** @param registry its address, without `/v2`. @param tag `null`: by its digest alone. @returns its digest. */
export async function pushArtifact(
  registry: string,
  token: string,
  name: string,
  tag: string | null,
  { artifactType, layers, config = {}, annotations, about }: Artifact,
): Promise<string> {
  const base = `${registry}/v2/${name}`;
  const headers = bearer(token);

  async function blob(mediaType: string, text: string) {
    const digest = digestOf(text);
    const pushed = await fetch(`${base}/blobs/uploads/?digest=${digest}`, {
      method: 'POST',
      headers,
      body: text,
    });
    if (pushed.status !== 201) throw new Error(`${pushed.status}: ${await pushed.text()}`);
    return { mediaType, digest, size: Buffer.byteLength(text) };
  }

  async function subjectOf(reference: string) {
    const answer = await fetch(`${base}/manifests/${reference}`, { headers });
    const size = (await answer.arrayBuffer()).byteLength;
    const mediaType = answer.headers.get('content-type');
    return { mediaType, digest: answer.headers.get('docker-content-digest'), size };
  }

  const made = [];
  for (const [mediaType, text] of layers) made.push(await blob(mediaType, text));
  const manifest = JSON.stringify({
    ...{ schemaVersion: 2, mediaType: imageType, artifactType, annotations },
    config: await blob(configType, JSON.stringify(config)),
    layers: made,
    ...(about !== undefined && { subject: await subjectOf(about) }),
  });
  const pushed = await fetch(`${base}/manifests/${tag ?? digestOf(manifest)}`, {
    ...{ method: 'PUT', body: manifest, headers: { ...headers, 'content-type': imageType } },
  });
  if (pushed.status !== 201) throw new Error(`${pushed.status}: ${await pushed.text()}`);
  return digestOf(manifest);
}

function digestOf(text: string): string {
  return `sha256:${new Bun.CryptoHasher('sha256').update(text).digest('hex')}`;
}
