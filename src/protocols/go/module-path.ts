/**
 * What a module and a file in it may be called. The rules are the go command's (golang.org/x/mod/module: `CheckPath`, `CheckFilePath`), so that
 * what it would refuse is refused before anybody is asked for it.
 */

/** Longer ones are no module's. */
const longest = 500;

/** What is wrong with it as a module's path, as the end of a sentence; `null`: nothing. */
export function objectionToModule(path: string): string | null {
  if (path.length > longest) return `is longer than ${longest} letters`;
  const [first = '', ...rest] = path.split('/');
  if (!/^[a-z0-9.-]*$/.test(first) || first.startsWith('-')) return 'does not begin with the name of a host';
  if (!first.includes('.')) return 'has no dot in its first element';
  for (const element of [first, ...rest]) {
    const objection = objectionToElement(element);
    if (objection !== null) return objection;
    if (element.startsWith('.')) return 'has an element that begins with a dot';
    if (!/^[A-Za-z0-9._~-]+$/.test(element)) return 'has letters that a module may not have';
    if (/~\d+$/.test(beforeDot(element))) return 'has an element that looks like a short name of Windows';
  }
  return majorOf(path) === null ? 'ends in a major version that it may not have' : null;
}

/** What is wrong with the name of a file in a module, below its folder; `null`: nothing. */
export function objectionToFile(name: string): string | null {
  for (const element of name.split('/')) {
    const objection = objectionToElement(element);
    if (objection !== null) return objection;
    if (!/^[\p{L}0-9 !#$%&()+,\-.=@[\]^_{}~]+$/u.test(element)) return 'has letters that no file may have';
  }
  return null;
}

const reservedNames = /^(?:con|prn|aux|nul|com[1-9]|lpt[1-9])$/i;

function objectionToElement(element: string): string | null {
  if (element === '') return 'has an empty element';
  if (/^\.+$/.test(element)) return 'has an element of dots alone';
  if (element.endsWith('.')) return 'has an element that ends in a dot';
  return reservedNames.test(beforeDot(element)) ? 'has an element that Windows keeps for itself' : null;
}

function beforeDot(element: string): string {
  const dot = element.indexOf('.');
  return dot < 0 ? element : element.slice(0, dot);
}

/** The end of a path that says a major version: `/v2`, of the host that writes it so `.v2`; empty: none. `null`: no module may end so. */
export function majorOf(path: string): string | null {
  if (path.startsWith('gopkg.in/')) {
    return /(?<=.)\.v(?:0|[1-9]\d*)(?:-unstable)?$/.exec(path)?.[0] ?? null;
  }
  const end = /\/v[\d.]+$/.exec(path)?.[0] ?? '';
  if (end === '') return '';
  return /^\/v(?:[2-9]|[1-9]\d+)$/.test(end) ? end : null;
}
