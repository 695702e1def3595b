/**
 * Searches, which an upstream answers. What somebody looks for among the names that live here is not told to it, and what it finds under such a
 * name is somebody else's, and not shown.
 */

/** Whether a repository lives here. @param name as rights have it: `org/name`, `datasets/org/name`. */
type LivesHere = (name: string) => boolean;

/** @param path of a search, with its query: `api/datasets?author=acme`. */
export function asksForOurs(path: string, livesHere: LivesHere): boolean {
  const { prefix, query } = readSearch(path);
  const words = [...new URLSearchParams(query).values()].flatMap((value) => value.split(/[\s,]+/));
  // An organisation alone stands for all that is its own.
  return words.some((word) => word !== '' && (livesHere(prefix + word) || livesHere(`${prefix}${word}/`)));
}

/** @param body a list of repositories, as JSON; anything else is given back as it is. */
export function withoutOurs(body: string, path: string, livesHere: LivesHere): string {
  const { prefix } = readSearch(path);
  const found: unknown = JSON.parse(body);
  if (!Array.isArray(found)) return body;
  return JSON.stringify(found.filter((each) => !livesHere(prefix + idOf(each))));
}

function readSearch(path: string): { readonly prefix: string; readonly query: string } {
  const [address = '', query = ''] = path.split('?', 2);
  const type = address.slice(address.lastIndexOf('/') + 1);
  return { prefix: type === 'models' ? '' : `${type}/`, query };
}

function idOf(found: unknown): string {
  if (typeof found !== 'object' || found === null || !('id' in found)) return '';
  return typeof found.id === 'string' ? found.id : '';
}
