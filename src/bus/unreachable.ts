import { MeridianError } from '../errors.ts';

/** The bus has not done it in time, or not at all. */
export function unreachable(detail: string, cause: unknown): MeridianError {
  return new MeridianError('bus-unreachable', detail, { cause });
}
