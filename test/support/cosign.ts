/** Signatures of images as cosign makes and pushes them, with keys of the test's own. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export interface Signer {
  readonly name: string;
  /** Its public key, as `cosign.pub` has it. */
  readonly pem: string;
  sign(message: Uint8Array): string;
}

export function openSigner(name: string, kind: 'ecdsa' | 'rsa' | 'ed25519' = 'ecdsa'): Signer {
  const { publicKey, privateKey } = pairOf(kind);
  const hash = kind === 'ed25519' ? null : 'sha256';
  return {
    name,
    pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: (message) => sign(hash, message, privateKey).toString('base64'),
  };
}

function pairOf(kind: 'ecdsa' | 'rsa' | 'ed25519'): { publicKey: KeyObject; privateKey: KeyObject } {
  if (kind === 'ed25519') return generateKeyPairSync('ed25519');
  if (kind === 'rsa') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

export interface Artifact {
  readonly blobs: readonly Uint8Array<ArrayBuffer>[];
  readonly manifest: Uint8Array<ArrayBuffer>;
  readonly digest: string;
  /** Under which it is pushed; `null`: by its digest alone. */
  readonly tag: string | null;
}

export const manifestType = 'application/vnd.oci.image.manifest.v1+json';

export interface Signed {
  readonly digest: string;
  /** What the signer calls the image. */
  readonly reference?: string;
  /** Makes it an artifact that refers to the image, and not one under a tag. */
  readonly refersTo?: { readonly mediaType: string; readonly size: number };
}

/** As `cosign sign --key` pushes it: a layer for each signature. */
export function simpleSigned({ digest, reference = '', refersTo }: Signed, ...signers: Signer[]): Artifact {
  const payload = payloadOf(digest, reference);
  const type = 'application/vnd.dev.cosign.simplesigning.v1+json';
  const layers = signers.map((signer) => ({
    ...descriptor(type, payload),
    annotations: { 'dev.cosignproject.cosign/signature': signer.sign(payload) },
  }));
  const config = bytesOf({ architecture: '', os: '', rootfs: { type: 'layers', diff_ids: [] } });
  return artifactOf([payload], 'application/vnd.oci.image.config.v1+json', config, layers, {
    ...(refersTo && {
      artifactType: 'application/vnd.dev.cosign.artifact.sig.v1+json',
      subject: { ...refersTo, digest },
    }),
    tag: refersTo === undefined ? `${digest.replace(':', '-')}.sig` : null,
  });
}

export function payloadOf(digest: string, reference: string): Uint8Array<ArrayBuffer> {
  return bytesOf({
    critical: {
      identity: { 'docker-reference': reference },
      image: { 'docker-manifest-digest': digest },
      type: 'cosign container image signature',
    },
    optional: null,
  });
}

/** As `cosign sign --new-bundle-format` pushes it. @param predicateType of the statement: a signature unless said. */
export function bundled(
  { digest, reference = '', refersTo }: Signed,
  signer: Signer,
  predicateType = 'https://sigstore.dev/cosign/sign/v1',
): Artifact {
  const bundle = bundleOf({ digest, reference }, signer, predicateType);
  const type = 'application/vnd.dev.sigstore.bundle.v0.3+json';
  const empty = bytesOf({});
  return artifactOf([bundle], 'application/vnd.oci.empty.v1+json', empty, [descriptor(type, bundle)], {
    artifactType: type,
    ...(refersTo && { subject: { ...refersTo, digest } }),
    tag: null,
  });
}

export function bundleOf(
  { digest, reference = '' }: Signed,
  signer: Signer,
  predicateType = 'https://sigstore.dev/cosign/sign/v1',
): Uint8Array<ArrayBuffer> {
  const [algorithm = '', hex = ''] = digest.split(':');
  const statement = bytesOf({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: reference, digest: { [algorithm]: hex } }],
    predicateType,
    predicate: {},
  });
  const payloadType = 'application/vnd.in-toto+json';
  const head = `DSSEv1 ${payloadType.length} ${payloadType} ${statement.length} `;
  const message = Buffer.concat([Buffer.from(head), statement]);
  return bytesOf({
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: signer.name } },
    dsseEnvelope: {
      payload: Buffer.from(statement).toString('base64'),
      payloadType,
      signatures: [{ sig: signer.sign(message) }],
    },
  });
}

interface About {
  readonly tag: string | null;
  readonly artifactType?: string;
  readonly subject?: object;
}

function artifactOf(
  blobs: readonly Uint8Array<ArrayBuffer>[],
  configType: string,
  config: Uint8Array<ArrayBuffer>,
  layers: readonly object[],
  { tag, ...about }: About,
): Artifact {
  const manifest = bytesOf({
    ...{ schemaVersion: 2, mediaType: manifestType, ...about },
    config: descriptor(configType, config),
    layers,
  });
  return { blobs: [config, ...blobs], manifest, digest: digestOf(manifest), tag };
}

/** Pushes it as any client does. @param base `http://host:port/v2/<name>`. */
export async function pushArtifact(
  base: string,
  { blobs, manifest, digest, tag }: Artifact,
  headers: Record<string, string> = {},
): Promise<void> {
  for (const blob of blobs) {
    const begun = await fetch(`${base}/blobs/uploads/`, { method: 'POST', headers });
    await begun.body?.cancel();
    const place = new URL(begun.headers.get('location') ?? '', base);
    place.searchParams.set('digest', digestOf(blob));
    const type = { 'content-type': 'application/octet-stream' };
    await ok(await fetch(place, { method: 'PUT', body: blob, headers: { ...headers, ...type } }));
  }
  const type = { 'content-type': manifestType };
  const at = `${base}/manifests/${tag ?? digest}`;
  await ok(await fetch(at, { method: 'PUT', body: manifest, headers: { ...headers, ...type } }));
}

async function ok(response: Response): Promise<void> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${text}`);
}

function descriptor(mediaType: string, bytes: Uint8Array) {
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`;
}

function bytesOf(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}
