/** The registry behind it all: documents and tarballs of made-up packages, and how often it was asked for them. */
import { bytesAt } from '../objects.ts';
import type { Packages } from './world.ts';

export interface MonthRegistry {
  readonly url: string;
  readonly requests: number;
  close(): Promise<void>;
}

export const nameOf = (which: number) => `package-${which}`;
export const versionOf = (version: number) => `1.${version}.0`;
export const documentPath = (which: number) => `/${nameOf(which)}`;
export const tarballPath = (which: number, version: number) =>
  `/${nameOf(which)}/-/${nameOf(which)}-${versionOf(version)}.tgz`;

export function startMonthRegistry(packages: Packages): MonthRegistry {
  const integrities = new Map<string, string>();
  let requests = 0;
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    development: false,
    idleTimeout: 255,
    fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === '/' || request.method === 'HEAD') return new Response(null, { status: 204 });
      requests++;
      if (pathname.startsWith('/-/')) return Response.json({});
      const [, which, version] =
        /^\/package-(\d+)(?:\/-\/package-\d+-1\.(\d+)\.0\.tgz)?$/.exec(pathname) ?? [];
      if (which === undefined) return new Response(null, { status: 404 });
      return version === undefined
        ? document(request, Number(which))
        : tarball(Number(which), Number(version));
    },
  });
  const url = `http://127.0.0.1:${server.port}`;

  function bytesOf(which: number, version: number): Uint8Array<ArrayBuffer> {
    return bytesAt(tarballPath(which, version), packages.tarballBytes(which, version));
  }

  function tarball(which: number, version: number): Response {
    const headers = {
      'content-type': 'application/octet-stream',
      'cache-control': 'public, max-age=31557600',
    };
    return new Response(bytesOf(which, version), { headers });
  }

  function integrityOf(which: number, version: number): string {
    const path = tarballPath(which, version);
    let known = integrities.get(path);
    if (known === undefined) {
      known = `sha512-${new Bun.CryptoHasher('sha512').update(bytesOf(which, version)).digest('base64')}`;
      integrities.set(path, known);
    }
    return known;
  }

  function document(request: Request, which: number): Response {
    const name = nameOf(which);
    const latest = packages.latest(which);
    const etag = `"${which}-${latest}"`;
    const headers = { 'content-type': 'application/json', etag, 'cache-control': 'public, max-age=300' };
    if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
    const dependencies = Object.fromEntries(
      packages.dependencies(which).map((each) => [nameOf(each), '^1.0.0']),
    );
    const versions = Array.from({ length: latest }, (_, at) => {
      const version = versionOf(at + 1);
      const dist = { tarball: url + tarballPath(which, at + 1), integrity: integrityOf(which, at + 1) };
      return [version, { name, version, dependencies, dist }];
    });
    const body = { name, 'dist-tags': { latest: versionOf(latest) }, versions: Object.fromEntries(versions) };
    return Response.json(body, { headers });
  }

  return {
    url,
    get requests() {
      return requests;
    },
    close: () => server.stop(true),
  };
}
