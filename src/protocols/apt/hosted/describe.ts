/** What people are told of a package that lives here, from its own fields. */
import type { Described } from '../../registry/ecosystem.ts';
import type { HostedVersion } from '../../registry/hosted/record.ts';
import { byName } from '../deb822.ts';
import { shelvedFrom } from './package.ts';

export function describe({ name, version, files }: HostedVersion): Described {
  const [file] = files;
  if (file === undefined) return {};
  const said = byName(shelvedFrom(name, version, file).fields);
  const depends = ['pre-depends', 'depends'].flatMap((field) => said.get(field)?.split(',') ?? []);
  const [summary, ...rest] = (said.get('description') ?? '').split('\n');
  const section = said.get('section');
  const maintainer = said.get('maintainer');
  return {
    ...(summary && { description: summary }),
    homepage: said.get('homepage'),
    repository: said.get('vcs-browser'),
    ...(section !== undefined && { keywords: [section] }),
    ...(maintainer !== undefined && { authors: [maintainer] }),
    ...(rest.length > 0 && { readme: rest.map(unfolded).join('\n') }),
    dependencies: depends.filter((one) => one.trim() !== '').length,
  };
}

/** Lines of a long description begin with a blank, and empty ones are a dot (Debian Policy §5.6.13). */
function unfolded(line: string): string {
  return line.trim() === '.' ? '' : line.replace(/^ /, '');
}
