/** What an upstream's `config.json` says (doc.rust-lang.org/cargo/reference/registry-index.html#index-configuration): where its crates and its API are. */
import { z } from 'zod';
import { MeridianError } from '../../errors.ts';
import { prefixOf } from './name.ts';

const shape = z.object({
  dl: z.string(),
  api: z.string().nullish(),
  'auth-required': z.boolean().optional(),
});

export interface UpstreamConfig {
  /** Address of crates, with or without markers. */
  readonly downloads: string;
  /** Without a trailing slash; `null`: it has none. */
  readonly api: string | null;
}

/** @throws `upstream-invalid`. */
export function readUpstreamConfig(bytes: Uint8Array, url: string): UpstreamConfig {
  const { data } = shape.safeParse(parsed(bytes));
  if (data === undefined || !isWebAddress(data.dl)) {
    throw new MeridianError(
      'upstream-invalid',
      `${url} does not say where crates are: it is no config.json of a registry.`,
    );
  }
  const hasApi = data.api != null && isWebAddress(data.api);
  return { downloads: data.dl, api: hasApi && data.api ? data.api.replace(/\/+$/, '') : null };
}

/** Where the crate file of a version is. @param name as the upstream writes it. */
export function downloadUrl(downloads: string, name: string, version: string, sha256: string): string {
  const lower = name.toLowerCase();
  const markers: Readonly<Record<string, string>> = {
    '{crate}': name,
    '{version}': version,
    '{prefix}': prefixOf(name),
    '{lowerprefix}': prefixOf(lower),
    '{sha256-checksum}': sha256,
  };
  const filled = downloads.replace(/\{[a-z0-9-]+\}/g, (marker) => markers[marker] ?? marker);
  return filled === downloads ? `${downloads.replace(/\/+$/, '')}/${name}/${version}/download` : filled;
}

function isWebAddress(text: string): boolean {
  return /^https?:\/\/[^/]/.test(text) && URL.canParse(text.replace(/[{}]/g, ''));
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null; // which is none of the shape
  }
}
