/**
 * The lines of a stream, one by one as they become whole.
 */

/** A line longer than this is passed on in pieces. */
const longestLine = 64 * 1024;

/** Settles at the end of the stream. Lines come without their line break. */
export async function passLines(
  stream: ReadableStream<Uint8Array>,
  take: (line: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
    if (rest.length > longestLine) {
      take(rest);
      rest = '';
    }
  }
  if (rest !== '') take(rest);
}
