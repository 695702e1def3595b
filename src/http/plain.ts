/**
 * Whether a request asks for the whole response, whatever it is. On the way of every hit.
 */
export function isPlain(headers: Headers): boolean {
  return (
    headers.get('if-none-match') === null &&
    headers.get('range') === null &&
    headers.get('if-modified-since') === null
  );
}
