/** What is wrong with bytes that should be an .xz file, in a sentence. */
export class XzError extends Error {
  override readonly name = 'XzError';
}
