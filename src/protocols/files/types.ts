/** Media types by the ends of names. What is not listed is bytes. */
const types: Readonly<Record<string, string>> = {
  ...{ css: 'text/css', csv: 'text/csv', html: 'text/html; charset=utf-8', js: 'text/javascript' },
  ...{ json: 'application/json', md: 'text/markdown; charset=utf-8', txt: 'text/plain; charset=utf-8' },
  ...{ xml: 'application/xml', yaml: 'application/yaml', yml: 'application/yaml', wasm: 'application/wasm' },
  ...{ gz: 'application/gzip', tgz: 'application/gzip', bz2: 'application/x-bzip2', xz: 'application/x-xz' },
  ...{ zst: 'application/zstd', zip: 'application/zip', tar: 'application/x-tar', pdf: 'application/pdf' },
  ...{ png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', gif: 'image/gif', webp: 'image/webp' },
  ...{ avif: 'image/avif', svg: 'image/svg+xml', ico: 'image/vnd.microsoft.icon', mp3: 'audio/mpeg' },
  ...{ ogg: 'audio/ogg', flac: 'audio/flac', mp4: 'video/mp4', webm: 'video/webm', mov: 'video/quicktime' },
  ...{ m3u8: 'application/vnd.apple.mpegurl', ts: 'video/mp2t', mpd: 'application/dash+xml' },
  ...{ m4s: 'video/iso.segment', woff2: 'font/woff2', sha256: 'text/plain; charset=utf-8' },
  ...{
    sha512: 'text/plain; charset=utf-8',
    sha1: 'text/plain; charset=utf-8',
    asc: 'text/plain; charset=utf-8',
  },
};

export const bytes = 'application/octet-stream';

export function typeOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const end = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  return (Object.hasOwn(types, end) ? types[end] : undefined) ?? bytes;
}
