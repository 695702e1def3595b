/**
 * Serves the web console: its files, to anybody, since there is nothing secret in them. What it shows comes from the API, which
 * wants a token.
 */

import { buildConsole, type ConsoleFile } from './build.ts';
import { built } from './built.ts';

/** Nothing but what the console itself brings is run, shown or asked; no other page may frame it. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types dompurify',
].join('; ');

const guarding = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

interface Packed extends ConsoleFile {
  readonly etag: string;
  readonly gzip: Uint8Array<ArrayBuffer>;
}

export const consoleBase = '/console/';

export interface Console {
  /** @param path below `/console/`; what is no file's name is a page, which the console itself knows. */
  answer(path: string, request: Request): Promise<Response>;
}

export function openConsole(): Console {
  let files: Promise<ReadonlyMap<string, Packed>> | null = null;

  function all(): Promise<ReadonlyMap<string, Packed>> {
    files ??= pack().catch((error: unknown) => {
      files = null; // who comes next tries again
      throw error;
    });
    return files;
  }

  return {
    async answer(path, request) {
      const found = await all();
      // Files have no folders; packages, which have pages, may have a dot in their names.
      const isPage = path.includes('/') || !path.includes('.');
      const file = found.get(path) ?? (isPage ? found.get('index.html') : undefined);
      if (file === undefined)
        return new Response('The console has no such file.\n', { status: 404, headers: guarding });
      return fileAnswer(file, request);
    },
  };
}

async function pack(): Promise<ReadonlyMap<string, Packed>> {
  const made = built ?? (await buildConsole());
  return new Map(
    made.map((file) => {
      const etag = `"${new Bun.CryptoHasher('sha256').update(file.text).digest('hex').slice(0, 32)}"`;
      return [file.name, { ...file, etag, gzip: Bun.gzipSync(Buffer.from(file.text)) }];
    }),
  );
}

function fileAnswer({ type, text, gzip, etag, isHashed }: Packed, request: Request): Response {
  const headers = new Headers({
    ...guarding,
    etag,
    'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    vary: 'accept-encoding',
  });
  if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
  headers.set('content-type', type);
  const takesGzip = /\bgzip\b/.test(request.headers.get('accept-encoding') ?? '');
  if (!takesGzip) return new Response(text, { headers });
  headers.set('content-encoding', 'gzip');
  return new Response(gzip, { headers });
}
