/** What a `.info` says (go.dev/ref/mod#goproxy-protocol): which version it is, and of when. */
import { z } from 'zod';
import { MeridianError } from '../../errors.ts';
import { isCanonicalVersion } from './module-version.ts';

const shape = z.looseObject({ Version: z.string(), Time: z.string().nullish() });

export interface VersionInfo {
  readonly version: string;
  /** ms since the epoch; `null`: it does not say. */
  readonly publishedMs: number | null;
}

/** @param subject for errors. @throws `upstream-invalid` */
export function readInfo(bytes: Uint8Array, subject: string): VersionInfo {
  const { data } = shape.safeParse(parsed(bytes));
  if (data === undefined || !isCanonicalVersion(data.Version)) {
    throw new MeridianError('upstream-invalid', `What the upstream says of ${subject} names no version.`);
  }
  const publishedMs = Date.parse(data.Time ?? '');
  // The first moment of all is how Go writes that it does not know.
  const isKnown = !Number.isNaN(publishedMs) && publishedMs > 0;
  return { version: data.Version, publishedMs: isKnown ? publishedMs : null };
}

export function writeInfo(version: string, publishedMs: number): string {
  return JSON.stringify({ Version: version, Time: new Date(publishedMs).toISOString() });
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null; // which is none of the shape
  }
}
