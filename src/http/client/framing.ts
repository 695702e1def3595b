/**
 * Where an answer ends, by its head (RFC 9112 §6): refused where the fields leave that open, and marked where only the
 * end of the connection will tell.
 */
import { MeridianError } from '../../errors.ts';

/**
 * Set to `1` on an answer that has a body and neither a length nor chunks, so that it lasts until the connection is
 * closed. Bun reports such a body as complete even when the connection was reset within it: whoever keeps it needs
 * another proof that it is whole.
 */
export const unframedField = 'meridian-unframed';

/** Fails with `upstream-invalid`. Leaves one `Content-Length` where there were several that agree. */
export function checkFraming(headers: Headers, hasBody: boolean): void {
  const coding = headers.get('transfer-encoding');
  const length = headers.get('content-length');
  if (coding !== null) {
    // Bun takes `gzip, chunked` for chunked, and would hand over the compressed bytes as if they were the content.
    if (coding.toLowerCase() !== 'chunked') throw invalid('an unknown transfer coding');
    // Whoever reads the length believes in another end than the one that was read here (RFC 9112 §11.1).
    if (length !== null) throw invalid('both a length and chunks');
    return;
  }
  if (length === null) {
    if (hasBody) headers.set(unframedField, '1');
    return;
  }
  const comma = length.indexOf(',');
  if (comma !== -1) headers.set('content-length', length.slice(0, comma));
}

function invalid(what: string): MeridianError {
  return new MeridianError('upstream-invalid', `the upstream's answer is framed by ${what}`);
}
