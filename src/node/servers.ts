/**
 * The servers that an origin asks by its config: scheme, host and port of each, for what is counted of them.
 */
import { standardUpstreams } from '../config/default-upstreams.ts';
import { settingsOf } from '../config/ecosystem-settings.ts';
import type { RouteConfig } from '../config/network.ts';
import { npmSetting } from '../config/npm-setting.ts';

export async function serversOf(routes: readonly RouteConfig[]): Promise<ReadonlySet<string>> {
  const urls = await Promise.all(routes.map(urlsOf));
  return new Set(urls.flat().map(serverOf));
}

async function urlsOf(route: RouteConfig): Promise<readonly string[]> {
  switch (route.protocol) {
    case 'npm':
      return route.npm.upstreams?.map(({ url }) => url) ?? [await npmSetting()];
    case 'oci':
      return route.oci.sources.map(({ url }) => url);
    case 'web':
      return [route.web.upstream];
    default: {
      const { upstreams } = settingsOf(route.protocol, route);
      return (upstreams ?? (await standardUpstreams(route.protocol))).map(({ url }) => url);
    }
  }
}

/** Scheme, host and port, which is all that others are told of it. */
export function serverOf(url: string): string {
  const end = url.indexOf('/', url.indexOf('//') + 2);
  return end === -1 ? url : url.slice(0, end);
}

/** Host and port, without the scheme. */
export function hostOf(url: string): string {
  const server = serverOf(url);
  return server.slice(server.indexOf('//') + 2);
}
