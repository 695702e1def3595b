/** JSON of somebody else's, read once where it comes in. */
import { z } from 'zod';

/** @param broken makes the error of what cannot be read. */
export function jsonIn<Shape extends z.ZodType>(
  shape: Shape,
  bytes: Uint8Array,
  broken: (cause: unknown) => Error,
): z.output<Shape> {
  try {
    return shape.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (cause) {
    throw broken(cause);
  }
}

const listed = z.object({
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  siblings: z.array(z.object({ rfilename: z.string() })).optional(),
});

/** The commit and the files that a document of this route names; `null` where it names none. */
export function contentsIn(
  bytes: Uint8Array,
): { readonly sha: string; readonly files: readonly string[] } | null {
  const { success, data } = listed.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  return success ? { sha: data.sha, files: (data.siblings ?? []).map(({ rfilename }) => rfilename) } : null;
}
