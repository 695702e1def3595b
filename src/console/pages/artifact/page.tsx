/** One version of a repository: an image with its layers, an index with its platforms, a chart, a signature. */
import { useRoute } from 'preact-iso';
import type { ArtifactPage } from '../../data/api.ts';
import { at } from '../../data/ask.ts';
import { takesDigests, useInstall } from '../../data/install.ts';
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { Answered } from '../../parts/answered.tsx';
import { Cli } from '../../parts/cli.tsx';
import { bytes, count } from '../../parts/format.ts';
import { Notice } from '../../parts/notice.tsx';
import { Tile } from '../../parts/panel.tsx';
import { useTitle } from '../../parts/title.ts';
import { short } from '../package/digest.tsx';
import { Install } from '../package/install.tsx';
import { WhyBlocked } from '../package/why-blocked.tsx';
import { Kinds } from '../packages/results.tsx';
import { packageAddress } from '../packages/wanted.ts';
import { Beside } from './beside.tsx';
import { Config } from './config.tsx';
import { Layers } from './layers.tsx';
import { Platforms } from './platforms.tsx';
import { Referrers } from './referrers.tsx';
import { Texts } from './texts.tsx';

export default function Version() {
  const { params } = useRoute();
  const { route = '', name = '', version = '' } = params;
  return <OneVersion key={`${route} ${name} ${version}`} {...{ route, name, version }} />;
}

interface Which {
  readonly route: string;
  readonly name: string;
  readonly version: string;
}

function OneVersion({ route, name, version }: Which) {
  const { ask } = useSession();
  const known = useAnswer(
    () => ask('GET', at('/packages/:route/:name/versions/:version', { route, name, version })),
    [],
  );
  const isDigest = version.includes(':');
  const title = isDigest ? `${name}@${short(version)}` : `${name}:${version}`;
  useTitle(`${title} · Packages`);
  return (
    <>
      <nav aria-label="Where this is" class="crumbs">
        <a href="/console/packages">Packages</a>
        <span aria-hidden="true">/</span>
        <a href={`/console/packages?route=${encodeURIComponent(route)}`}>{route}</a>
        <span aria-hidden="true">/</span>
        <a href={packageAddress(route, name)}>{name}</a>
      </nav>
      <h1 class="package-title">{title}</h1>
      <Answered known={known}>{(page) => <Found page={page} />}</Answered>
      <Cli command={['package', `${name}${isDigest ? '@' : ':'}${version}`, '--route', route]} />
    </>
  );
}

function Found({ page }: { readonly page: ArtifactPage }) {
  const { route, name, version, kind, kept, access, note, config, annotations, children, layers } = page;
  const { blocked } = page;
  const { own } = useSession();
  const image = `${name}${version.includes(':') ? '@' : ':'}${version}`;
  const isByTag = !version.includes(':');
  const install = useInstall(route, (client) => takesDigests(client) || (kind === 'chart' && isByTag));
  return (
    <>
      <p class="row package-state">
        <span class="badge">{kind}</span>
        <Kinds kind={kept} access={access} />
        {page.platforms.join(', ')}
      </p>
      {blocked !== null && (
        <Notice kind="bad">
          It cannot be pulled here: <WhyBlocked blocked={blocked} />.{' '}
          {own.administers && (
            <a href={`/console/policy?${new URLSearchParams({ route, explain: image })}`}>
              What the policy says
            </a>
          )}
        </Notice>
      )}
      {note !== null && <Notice kind="quiet">{note}.</Notice>}
      <div class="package">
        <div class="package-main">
          <Install
            {...{ by: install, route, name, version, title: 'Pull' }}
            isRestricted={access === 'restricted'}
          />
          <Numbers page={page} />
          {children.length > 0 && <Platforms page={page} />}
          {layers.length > 0 && <Layers page={page} />}
          {config !== null && <Config config={config} />}
          <Referrers page={page} />
          {config !== null && <Texts title="Labels" texts={config.labels} />}
          <Texts title="Annotations" texts={annotations} />
        </div>
        <Beside page={page} />
      </div>
    </>
  );
}

function Numbers({ page: { sizeBytes, sizes, layers, children } }: { readonly page: ArtifactPage }) {
  const parts = children.length > 0 ? children : layers;
  return (
    <dl class="tiles">
      <Tile label="Size" value={sizeBytes === null ? '–' : bytes(sizeBytes)} note="as it is pulled" />
      {sizes !== null && (
        <>
          <Tile label="Of its own" value={bytes(sizes.ownBytes)} note="nothing else has it" />
          <Tile label="Shared" value={bytes(sizes.sharedBytes)} note="with other repositories" />
        </>
      )}
      <Tile label={children.length > 0 ? 'Manifests' : 'Layers'} value={count(parts.length)} />
    </dl>
  );
}
