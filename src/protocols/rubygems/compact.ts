/** Documents of the compact index, as Bundler compares them: before 2.5, an entity tag is the MD5 of the file. */
import type { Document } from '../registry/answers.ts';

export function compactDocument(body: string | Uint8Array): Document {
  const md5 = new Bun.CryptoHasher('md5').update(body).digest('hex');
  return { body, type: 'text/plain; charset=utf-8', etag: `"${md5}"` };
}
