/** Images of containers, made by the test as a folder in OCI layout (OCI Image Specification, Image Layout), which skopeo reads. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Image {
  /** Of its manifest, or of its index. */
  readonly digest: string;
  readonly layers: readonly string[];
  /** Bytes of its manifest, or of its index. */
  readonly sizeBytes: number;
  /** Of each platform, in their order. */
  readonly manifests: readonly string[];
}

export interface ImageOptions {
  /** Bytes of each layer, which differ from image to image. */
  readonly layers?: readonly Uint8Array[];
  /** One manifest for each of them, in an index. */
  readonly platforms?: readonly string[];
  /** Besides what says which platform it is and which layers it has. */
  readonly config?: object;
  /** Of its manifest, or of its index. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** When its config says that it was made (RFC 3339). */
  readonly created?: string;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Writes `folder`: `skopeo copy oci:<folder>:<tag> docker://…`. */
export function writeImage(
  folder: string,
  tag: string,
  {
    layers = [random(2000)],
    platforms = [],
    created,
    config: more = {},
    annotations: words,
  }: ImageOptions = {},
): Image {
  const blobs = join(folder, 'blobs', 'sha256');
  mkdirSync(blobs, { recursive: true });

  function put(mediaType: string, bytes: Uint8Array): Descriptor {
    const hex = new Bun.CryptoHasher('sha256').update(bytes).digest('hex');
    writeFileSync(join(blobs, hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.byteLength };
  }
  const putJson = (mediaType: string, value: unknown) =>
    put(mediaType, new TextEncoder().encode(JSON.stringify(value)));

  const own = words === undefined ? {} : { annotations: words };

  function manifest(architecture: string): Descriptor {
    // A layer is a tar; one that is called so is not looked into by who only copies it.
    const layer = layers.map((bytes) => put('application/vnd.oci.image.layer.v1.tar', bytes));
    const diffIds = layer.map(({ digest }) => digest);
    const config = {
      architecture,
      os: 'linux',
      ...(created !== undefined && { created }),
      rootfs: { type: 'layers', diff_ids: diffIds },
      config: { Labels: { tag } },
      ...more,
    };
    return putJson('application/vnd.oci.image.manifest.v1+json', {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: putJson('application/vnd.oci.image.config.v1+json', config),
      layers: layer,
      ...own,
    });
  }

  const made = platforms.map((architecture) => ({
    ...manifest(architecture),
    platform: { architecture, os: 'linux' },
  }));
  const top =
    made.length === 0
      ? manifest('amd64')
      : putJson('application/vnd.oci.image.index.v1+json', {
          schemaVersion: 2,
          mediaType: 'application/vnd.oci.image.index.v1+json',
          manifests: made,
          ...own,
        });
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const annotations = { 'org.opencontainers.image.ref.name': tag };
  writeFileSync(
    join(folder, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...top, annotations }] }),
  );
  return {
    digest: top.digest,
    sizeBytes: top.size,
    manifests: made.map(({ digest }) => digest),
    layers: layers.map((bytes) => `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`),
  };
}

export function random(bytes: number): Uint8Array {
  const made = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65_536) crypto.getRandomValues(made.subarray(at, at + 65_536));
  return made;
}
