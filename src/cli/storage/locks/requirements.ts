/** `requirements.txt` with every version pinned, as `pip-compile --generate-hashes`, `uv pip compile` and `pip freeze` write it. */
import type { Wanted } from '../../../protocol.ts';
import { anyOf } from './hashes.ts';
import type { Locked } from './locked.ts';

/** `name[extra]==1.0 ; marker --hash=sha256:…`, and the next line where one ends with a backslash. */
export function requirementsLocked(text: string): Locked {
  const packages: Wanted[] = [];
  const others: string[] = [];
  const lines = text.replace(/\\\r?\n/g, ' ').split(/\r?\n/);
  for (const line of lines.map((each) => each.replace(/(?:^|\s)#.*$/, '').trim())) {
    const isOption = line.startsWith('-') && !/^(?:-e|--editable)\b/.test(line);
    if (line === '' || isOption) continue;
    const [, name, version] = /^([\w.-]+)\s*(?:\[[^\]]*\])?\s*===?\s*([^\s;*]+)(?=$|[\s;])/.exec(line) ?? [];
    const hashes = [...line.matchAll(/--hash[= ](\S+)/g)].map(([, hash]) => hash);
    if (name === undefined || version === undefined) others.push(line.split(/\s*;|\s--hash/, 1)[0] ?? line);
    else packages.push({ name, version, integrity: anyOf(hashes) });
  }
  return { packages, others };
}
