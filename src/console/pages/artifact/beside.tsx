/** Beside the version: what it is called, since when, what it is about, and taking it away. */
import type { ComponentChildren } from 'preact';
import { useLocation } from 'preact-iso';
import type { ArtifactPage } from '../../data/api.ts';
import { at } from '../../data/ask.ts';
import { useSession } from '../../data/session.ts';
import { AsksFirst } from '../../parts/asks-first.tsx';
import { Panel } from '../../parts/panel.tsx';
import { When } from '../../parts/when.tsx';
import { Digest, short } from '../package/digest.tsx';
import { packageAddress, versionAddress } from '../packages/wanted.ts';

export function Beside({ page }: { readonly page: ArtifactPage }) {
  const { route, name, digest, mediaType, artifactType, tags, pushedMs, publisher, config, subject } = page;
  return (
    <aside class="package-side" aria-label="Facts">
      <Panel title="About">
        <dl class="package-facts">
          <Fact name="Digest">
            <Digest digest={digest} of="it" />
          </Fact>
          <Fact name="Type">{mediaType}</Fact>
          {artifactType !== null && artifactType !== config?.mediaType && (
            <Fact name="Of">{artifactType}</Fact>
          )}
          {pushedMs !== null && (
            <Fact name="Pushed">
              <When ms={pushedMs} />
              {publisher !== null && ` by ${publisher}`}
            </Fact>
          )}
          {config?.createdMs != null && (
            <Fact name="Built">
              <When ms={config.createdMs} />
              {config.author !== null && ` by ${config.author}`}
            </Fact>
          )}
          {subject !== null && (
            <Fact name="Is about">
              <a href={versionAddress(route, name, subject)}>{short(subject)}</a>
            </Fact>
          )}
          {tags.length > 0 && (
            <Fact name="Tags">
              <span class="row badges">
                {tags.map((tag) => (
                  <a key={tag} class="badge" href={versionAddress(route, name, tag)}>
                    {tag}
                  </a>
                ))}
              </span>
            </Fact>
          )}
        </dl>
      </Panel>
      {page.mayDelete && (
        <Panel title="Take it away">
          <Remove page={page} />
        </Panel>
      )}
    </aside>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Remove({ page: { route, name, version, digest, tags } }: { readonly page: ArtifactPage }) {
  const { ask } = useSession();
  const { route: go } = useLocation();
  const isByTag = !version.includes(':');
  const remove = async (which: string) => {
    await ask('DELETE', at('/packages/:route/:name/versions/:version', { route, name, version: which }));
    go(packageAddress(route, name));
  };
  return (
    <div class="row">
      {isByTag && (
        <AsksFirst
          does="Delete the tag"
          name={`Delete the tag ${version}`}
          title={`Delete the tag ${version}?`}
          command={['package', `${name}:${version}`, '--route', route, '--delete']}
          act={() => remove(version)}
        >
          <p>
            Nobody can pull {name}:{version} any more, from this moment and at every PoP. What it stands for
            stays, under its digest{tags.length > 1 && ' and its other tags'}.
          </p>
        </AsksFirst>
      )}
      <AsksFirst
        does="Delete the manifest"
        name={`Delete the manifest ${short(digest)}`}
        title={`Delete the manifest ${short(digest)}?`}
        command={['package', `${name}@${digest}`, '--route', route, '--delete']}
        act={() => remove(digest)}
      >
        <p>
          It cannot be pulled any more, from this moment and at every PoP
          {tags.length > 0 && `, and its tags go with it: ${tags.join(', ')}`}. Nobody can take that back. Its
          layers go later, unless something else needs them.
        </p>
      </AsksFirst>
    </div>
  );
}
