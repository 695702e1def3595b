/** The head of one part of a form (RFC 7578 §4): what its field is called, and whether it is a file. */
import { Refusal } from './refusal.ts';

export interface PartHead {
  readonly field: string;
  /** Without folders; `null`: it is no file by what it says. */
  readonly fileName: string | null;
  /** Media type, without parameters. */
  readonly type: string;
}

/** Such as every client sends: others are out of use (RFC 7578 §4.7). */
const plainEncodings: ReadonlySet<string> = new Set(['7bit', '8bit', 'binary', 'identity']);

/** @param text lines, of which the first is what was left of the one with the boundary. @throws a `Refusal`. */
export function headOf(text: string): PartHead {
  const [start = '', ...lines] = text.split('\r\n');
  if (start.trim() !== '') throw new Refusal(400, 'A boundary of the form is followed by something else.');
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const encoding = fields.get('content-transfer-encoding') ?? 'binary';
  if (!plainEncodings.has(encoding.toLowerCase()))
    throw new Refusal(415, `A part of the form is encoded (${encoding.slice(0, 100)}).`);
  const disposition = fields.get('content-disposition') ?? '';
  const parameters = parametersIn(disposition);
  const field = parameters.get('name');
  if (field === undefined || !/^form-data\s*;/i.test(disposition))
    throw new Refusal(400, 'A part of the form does not say which field it is.');
  const named = parameters.get('filename*') ?? parameters.get('filename');
  const fileName = named === undefined ? null : (named.split(/[/\\]/).at(-1) ?? '');
  const [type = ''] = (fields.get('content-type') ?? 'text/plain').split(';', 1);
  return { field, fileName, type: type.trim().toLowerCase() };
}

/** `name="a"; filename="b \"c\""; filename*=UTF-8''b` (RFC 6266 §4.1, RFC 8187). */
function parametersIn(disposition: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const match of disposition.matchAll(/;\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g)) {
    const [, name = '', quoted, token = ''] = match;
    const value = quoted === undefined ? token : quoted.replace(/\\(["\\])/g, '$1');
    const key = name.toLowerCase();
    const text = key.endsWith('*') ? extended(value) : value;
    if (text !== null && !found.has(key)) found.set(key, text);
  }
  return found;
}

/** `null`: in another character set, or broken: what is said without an asterisk counts. */
function extended(value: string): string | null {
  const [charset = '', , text] = value.split("'", 3);
  if (text === undefined || charset.toLowerCase() !== 'utf-8') return null;
  try {
    return decodeURIComponent(text);
  } catch {
    return null; // Percent signs that are no encoding.
  }
}
