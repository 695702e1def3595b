/** What npm sends to publish a version, made by hand: for tests that need a hosted package and no client. */
import { createHash } from 'node:crypto';
import { noise, pack } from './package.ts';

export interface Sketched {
  readonly access: 'public' | 'restricted';
  /** Of its one file: text that does not compress. */
  readonly textBytes?: number;
}

export function publication(name: string, version: string, { access, textBytes = 4096 }: Sketched) {
  const tarball = pack({ name, version }, { 'index.js': noise(name, textBytes) });
  const hash = (algorithm: string, as: 'base64' | 'hex') => createHash(algorithm).update(tarball).digest(as);
  const dist = { integrity: `sha512-${hash('sha512', 'base64')}`, shasum: hash('sha1', 'hex') };
  return {
    ...{ _id: name, name, 'dist-tags': { latest: version }, access },
    versions: { [version]: { name, version, dist } },
    _attachments: {
      [`${name}-${version}.tgz`]: {
        content_type: 'application/octet-stream',
        data: Buffer.from(tarball).toString('base64'),
        length: tarball.byteLength,
      },
    },
  };
}
