/** What Bundler asks for to use one version, as a `Gemfile.lock` names it: `nokogiri`, `1.16.0-x86_64-linux`. */
import type { Wanted } from '../../protocol.ts';
import type { Mirroring, Needed } from '../registry/ecosystem.ts';
import { fullName, isGemName, numberOf, readNumber } from './file-name.ts';
import { readInfo } from './info.ts';

export async function needs({ name, version }: Wanted, at: Mirroring): Promise<readonly Needed[]> {
  const build = readNumber(version);
  if (build === null || !isGemName(name)) return [];
  const info = `/info/${name}`;
  const document = await at.read(info);
  const lines = document === null ? [] : readInfo(new TextDecoder().decode(document));
  const line = lines.find((each) => numberOf(each) === numberOf(build));
  const file = fullName({ name, ...build });
  return [
    { path: '/versions' },
    { path: info },
    // `gem install` asks for it, Bundler where nothing else says what it needs to know.
    { path: `/quick/Marshal.4.8/${file}.gemspec.rz` },
    { path: `/gems/${file}.gem`, ...(line?.sha256 != null && { sha256: line.sha256 }) },
  ];
}
