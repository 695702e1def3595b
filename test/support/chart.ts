/** Charts as `helm package` makes them: a packed folder with a `Chart.yaml`. */
import { gzipSync } from 'node:zlib';
import { headerOf, paddingOf } from '../../src/protocols/tar.ts';

export interface ChartSketch {
  readonly name: string;
  readonly version: string;
  readonly readme?: string;
  /** Further lines of its `Chart.yaml`. */
  readonly more?: string;
  /** Absent: its name. */
  readonly folder?: string;
  /** Of one file more. */
  readonly path?: string;
}

export function packChart({ name, version, readme, more = '', folder = name, path }: ChartSketch): Buffer {
  const chart = `apiVersion: v2\nname: ${name}\nversion: ${version}\ndescription: A chart\n${more}`;
  const files: readonly (readonly [string, string])[] = [
    [`${folder}/Chart.yaml`, chart],
    [`${folder}/templates/config.yaml`, 'kind: ConfigMap\n'],
    ...(readme === undefined ? [] : ([[`${folder}/README.md`, readme]] as const)),
    ...(path === undefined ? [] : ([[path, 'x']] as const)),
  ];
  const parts = files.flatMap(([at, text]) => {
    const bytes = Buffer.from(text);
    return [headerOf(at, bytes.length), bytes, Buffer.alloc(paddingOf(bytes.length))];
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)]));
}

export function sha256Of(bytes: Uint8Array): string {
  return new Bun.CryptoHasher('sha256').update(bytes).digest('hex');
}
