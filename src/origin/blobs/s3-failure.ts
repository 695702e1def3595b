/** What failures of a bucket mean in our terms. */
import type { Clock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';

/** For the answer to a question that has no long body. */
const answerMs = 30_000;

export async function answering<Result>(clock: Clock, call: () => Promise<Result>): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const cancel = clock.after(answerMs, () => {
    late.reject(new MeridianError('store-unavailable', `the bucket did not answer within ${answerMs} ms`));
  });
  try {
    return await Promise.race([call(), late.promise]);
  } finally {
    cancel();
  }
}

export function isNotThere(error: unknown): boolean {
  return codeOf(error) === 'NoSuchKey' || codeOf(error) === 'NotFound';
}

export function s3Failure(error: unknown): unknown {
  if (error instanceof MeridianError) return error;
  const detail = `the bucket says ${codeOf(error) ?? 'something unexpected'}`;
  return new MeridianError('store-unavailable', detail, { cause: error });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
